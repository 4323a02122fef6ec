/**
 * Opening what others sent. Memory is taken only for senders that have a key of the group: a flood of invented
 * incarnations costs time, never memory.
 */
import { createDecipheriv, type KeyObject } from 'node:crypto';
import type { Incarnation } from '../membership/identity.ts';
import {
  decodeFrameHeader,
  type FrameHeader,
  frameHeaderBytes,
  type HeaderRefusal,
  sealTagBytes,
} from '../wire/frame.ts';
import { deriveFrameKey, keyHintOf, nonceBytes, sealAlgorithm, setNonce } from './frame-keys.ts';
import { ReplayWindow } from './replay-window.ts';

/** Senders remembered. Beyond it the longest unheard is forgotten, whose replays then name no run of ours: harmless. */
const sessionsMax = 1024;

export type FrameRefusal = HeaderRefusal | 'unknown-key' | 'bad-seal' | 'replayed' | 'duplicate';

export type OpenedFrame =
  | { readonly kind: 'opened'; readonly sender: Incarnation; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: FrameRefusal }
  /** Multicast that came back. */
  | { readonly kind: 'own' };

type GroupKey = { readonly hint: number; readonly bytes: Uint8Array };

type Session = {
  /** By group key. */
  readonly keys: Map<GroupKey, KeyObject>;
  readonly accepted: ReplayWindow;
  /** The same frame may come in once on each path. */
  readonly acceptedOnPath: Map<number, ReplayWindow>;
};

export class FrameOpener {
  readonly #self: Incarnation;
  readonly #groupTag: Uint8Array;
  #ring: readonly GroupKey[];
  /** Least recently heard first. */
  readonly #sessions = new Map<Incarnation, Session>();
  readonly #nonce = Buffer.alloc(nonceBytes);

  constructor(self: Incarnation, groupKeys: readonly Uint8Array[], groupTag: Uint8Array) {
    this.#self = self;
    this.#groupTag = groupTag;
    this.#ring = groupKeys.map((bytes) => ({ hint: keyHintOf(bytes), bytes }));
  }

  /** What is known of senders stays, so that nothing is taken twice. */
  rekey(groupKeys: readonly Uint8Array[]): void {
    this.#ring = groupKeys.map((bytes) => {
      const known = this.#ring.find((key) => Buffer.compare(key.bytes, bytes) === 0);
      return known ?? { hint: keyHintOf(bytes), bytes };
    });
    for (const { keys } of this.#sessions.values()) {
      for (const key of keys.keys()) if (!this.#ring.includes(key)) keys.delete(key);
    }
  }

  /** Never throws. @param path where it came in */
  open(frame: Uint8Array, path: number): OpenedFrame {
    const header = decodeFrameHeader(frame, this.#groupTag);
    if (typeof header === 'string') return { kind: 'refused', reason: header };
    if (header.sender === this.#self) return { kind: 'own' };
    const known = this.#sessions.get(header.sender);
    const session = known ?? { keys: new Map(), accepted: new ReplayWindow(), acceptedOnPath: new Map() };
    const onPath = session.acceptedOnPath.get(path) ?? new ReplayWindow();
    if (!onPath.isFresh(header.counter)) return { kind: 'refused', reason: 'replayed' };
    const body = this.#unseal(frame, header, session);
    if (typeof body === 'string') return { kind: 'refused', reason: body };
    onPath.accept(header.counter);
    session.acceptedOnPath.set(path, onPath);
    this.#remember(header.sender, session);
    if (!session.accepted.isFresh(header.counter)) return { kind: 'refused', reason: 'duplicate' };
    session.accepted.accept(header.counter);
    return { kind: 'opened', sender: header.sender, body };
  }

  #unseal(frame: Uint8Array, header: FrameHeader, session: Session): Uint8Array | 'unknown-key' | 'bad-seal' {
    let reason: 'unknown-key' | 'bad-seal' = 'unknown-key';
    for (const groupKey of this.#ring) {
      if (groupKey.hint !== header.keyHint) continue;
      const key = session.keys.get(groupKey) ?? deriveFrameKey(groupKey.bytes, header.sender);
      const body = this.#unsealWith(key, frame, header);
      if (body !== null) {
        session.keys.set(groupKey, key);
        return body;
      }
      reason = 'bad-seal';
    }
    return reason;
  }

  #unsealWith(key: KeyObject, frame: Uint8Array, header: FrameHeader): Uint8Array | null {
    setNonce(this.#nonce, header.counter);
    const decipher = createDecipheriv(sealAlgorithm, key, this.#nonce, { authTagLength: sealTagBytes });
    decipher.setAAD(frame.subarray(0, frameHeaderBytes));
    decipher.setAuthTag(frame.subarray(frame.length - sealTagBytes));
    const body = decipher.update(frame.subarray(frameHeaderBytes, frame.length - sealTagBytes));
    try {
      decipher.final();
      return body;
    } catch {
      return null; // the only thing final() has to say is that the seal is broken
    }
  }

  #remember(sender: Incarnation, session: Session): void {
    this.#sessions.delete(sender);
    this.#sessions.set(sender, session);
    if (this.#sessions.size <= sessionsMax) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }
}
