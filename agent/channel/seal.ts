/** Sealing what this run sends. */
import { createCipheriv, type KeyObject } from 'node:crypto';
import type { Incarnation } from '../membership/identity.ts';
import { encodeFrameHeader, frameHeaderBytes, frameVersion, sealTagBytes } from '../wire/frame.ts';
import { deriveFrameKey, keyHintOf, nonceBytes, sealAlgorithm, setNonce } from './frame-keys.ts';

export class FrameSealer {
  readonly #sender: Incarnation;
  readonly #groupTag: Uint8Array;
  #key: KeyObject;
  #keyHint: number;
  readonly #nonce = Buffer.alloc(nonceBytes);
  #counter = 0;

  constructor(sender: Incarnation, groupKey: Uint8Array, groupTag: Uint8Array) {
    this.#sender = sender;
    this.#groupTag = groupTag;
    this.#key = deriveFrameKey(groupKey, sender);
    this.#keyHint = keyHintOf(groupKey);
  }

  /** The counter goes on: who opens knows frames by sender and counter alone. */
  rekey(groupKey: Uint8Array): void {
    this.#key = deriveFrameKey(groupKey, this.#sender);
    this.#keyHint = keyHintOf(groupKey);
  }

  /** The frame for one body; each call takes a counter of its own. */
  seal(body: Uint8Array): Buffer {
    this.#counter += 1;
    return this.#sealAt(this.#counter, body);
  }

  /**
   * Frames for after this run's end: their counters are the last there are, so that they are fresh whenever they are sent, and
   * everything else of this run is old after them. The same body and count give the same frames.
   */
  sealLast(body: Uint8Array, count: number): readonly Buffer[] {
    return Array.from({ length: count }, (_, at) => this.#sealAt(Number.MAX_SAFE_INTEGER - count + 1 + at, body));
  }

  #sealAt(counter: number, body: Uint8Array): Buffer {
    const frame = Buffer.allocUnsafe(frameHeaderBytes + body.length + sealTagBytes);
    const header = { version: frameVersion, keyHint: this.#keyHint, sender: this.#sender, counter };
    frame.set(encodeFrameHeader(header, this.#groupTag), 0);
    setNonce(this.#nonce, counter);
    const cipher = createCipheriv(sealAlgorithm, this.#key, this.#nonce, { authTagLength: sealTagBytes });
    cipher.setAAD(frame.subarray(0, frameHeaderBytes));
    frame.set(cipher.update(body), frameHeaderBytes);
    cipher.final();
    frame.set(cipher.getAuthTag(), frameHeaderBytes + body.length);
    return frame;
  }
}
