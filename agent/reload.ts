/**
 * What may change while the agent runs: the group's keys. The rest of the configuration asks for a restart. Rotation is three
 * rounds over the hosts, in each of which every two of them have a key in common: the new key as the second, then as the
 * first, then the old one away.
 */
import { createHash } from 'node:crypto';
import type { Channel } from './channel/channel.ts';
import { type KeyRing, readKeyFile } from './config/key-file.ts';
import { ExitError } from './exit-codes.ts';

export type Reloaded =
  | {
      readonly kind: 'reloaded';
      readonly keys: number;
      /** Tells the key that seals from others, to compare hosts by; no part of it. */
      readonly sealing: string;
      readonly changed: boolean;
    }
  /** Everything is as it was. */
  | { readonly kind: 'refused'; readonly why: string };

export class KeyReload {
  readonly #channel: Channel;
  #ring: KeyRing;

  constructor(channel: Channel, ring: KeyRing) {
    this.#channel = channel;
    this.#ring = ring;
  }

  async run(): Promise<Reloaded> {
    let next: KeyRing;
    try {
      next = await readKeyFile(this.#ring.file);
    } catch (error) {
      if (error instanceof ExitError) return { kind: 'refused', why: error.message };
      throw error;
    }
    const [sealing] = next.keys;
    if (!next.keys.some((key) => this.#ring.keys.some((known) => isSame(key, known)))) {
      const right = 'keep the key in use as the second until every host has the new one';
      return {
        kind: 'refused',
        why: `${next.file}: none of its keys is in use, so no other host could be heard; ${right}`,
      };
    }
    const changed =
      next.keys.length !== this.#ring.keys.length ||
      next.keys.some((key, at) => !isSame(key, this.#ring.keys[at] ?? new Uint8Array()));
    if (changed) this.#channel.rekey(next.keys);
    this.#ring = next;
    return { kind: 'reloaded', keys: next.keys.length, sealing: fingerprintOf(sealing), changed };
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function fingerprintOf(key: Uint8Array): string {
  return createHash('sha256').update('holdfast key fingerprint').update(key).digest('hex').slice(0, 8);
}
