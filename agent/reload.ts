/**
 * A reload: the file and the keys are read and validated as a whole, and what differs is taken over by the running agent; where
 * anything is wrong, or asks for a restart, nothing changes. Keys are rotated in three rounds over the hosts, in each of which every
 * two of them have a key in common: the new key as the second, then as the first, then the old one away.
 */
import { createHash } from 'node:crypto';
import type { Config } from './config/config.ts';
import { diffConfigs } from './config/diff.ts';
import { type KeyRing, readKeyFile } from './config/key-file.ts';
import { readConfig } from './config/read.ts';
import { ExitError } from './exit-codes.ts';
import type { HostName } from './membership/view.ts';

/** What is in force, and what was found in the files. */
export type Settings = { readonly config: Config; readonly ring: KeyRing };

export type Reloaded =
  | {
      readonly kind: 'reloaded';
      readonly settings: Settings;
      /** Of the configuration, one line each, for people. */
      readonly changes: readonly string[];
      readonly keysChanged: boolean;
    }
  | { readonly kind: 'refused'; readonly why: string };

/** Changes nothing. @param self the host that this agent runs on */
export async function readAnew({ config, ring }: Settings, self: HostName): Promise<Reloaded> {
  try {
    const next = await readConfig(config.file);
    const diff = diffConfigs(config, next, self);
    if (diff.kind === 'refused') return refusal(next.file, diff.why);
    const nextRing = await readKeyFile(next.keyFile);
    if (!nextRing.keys.some((key) => ring.keys.some((known) => isSame(key, known)))) {
      const right = 'keep the key in use as the second until every host has the new one';
      return refusal(nextRing.file, [`none of its keys is in use, so no other host could be heard; ${right}`]);
    }
    const keysChanged =
      nextRing.keys.length !== ring.keys.length ||
      nextRing.keys.some((key, at) => !isSame(key, ring.keys[at] ?? new Uint8Array()));
    return { kind: 'reloaded', settings: { config: next, ring: nextRing }, changes: diff.changes, keysChanged };
  } catch (error) {
    if (error instanceof ExitError) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/** Tells the key that seals from others, to compare hosts by; no part of it. */
export function fingerprintOf({ keys: [sealing] }: KeyRing): string {
  return createHash('sha256').update('holdfast key fingerprint').update(sealing).digest('hex').slice(0, 8);
}

function refusal(file: string, why: readonly string[]): Reloaded {
  return { kind: 'refused', why: why.map((line) => `${file}: ${line}`).join('\n') };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
