/**
 * The program as a later version may be: its frames say so, every body and message of it ends with fields that are not known here, and
 * before each heartbeat and each message on a link it says something of a kind that is not known here.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { frameVersion } from '../../agent/wire/frame.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param by how many versions it is ahead @returns the module that opens its channel, and how to remove it all */
export function buildLaterVersion(by: number): { readonly built: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-later-'));
  const agent = join(directory, 'agent');
  cpSync(join(root, 'dist/agent'), agent, { recursive: true });
  cpSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'native'), join(directory, 'native'));
  change(join(agent, 'wire/frame.js'), `frameVersion = ${frameVersion};`, `frameVersion = ${frameVersion + by};`);
  const more = 'writer.u16(0xabcd); writer.u53(12345); return writer.finish();';
  for (const file of ['wire/frame-body.js', 'wire/frame-message.js'])
    change(join(agent, file), 'return writer.finish();', more);
  const frame = "const frame = this.#sealer.seal(encodeFrameBody({ kind: 'heartbeat', path, heartbeat }));";
  const unknownFrame = 'this.#sockets?.send(path, address, this.#sealer.seal(Uint8Array.of(99, 1)));';
  const toAll = `for (const address of this.#addressesOn(path)) ${unknownFrame}`;
  change(join(agent, 'channel/built-in-engine.js'), frame, `${toAll} ${frame}`);
  const message = 'sendBytes(turn, member, turn.state.options.codec.encode(message));';
  change(join(agent, 'membership/send.js'), message, `sendBytes(turn, member, Uint8Array.of(99, 1)); ${message}`);
  return {
    built: pathToFileURL(join(agent, 'channel/built-in.js')).href,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function change(file: string, before: string, after: string): void {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(before)) throw new Error(`Cannot make a later version: ${file} has no ${before}`);
  writeFileSync(file, text.replaceAll(before, after));
}
