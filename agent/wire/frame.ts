/**
 * The clear header of a membership frame, 36 bytes, which the seal authenticates:
 * magic 'HF' | version | key hint | group tag 8 | sender's incarnation 16 | counter 8.
 */
import type { Incarnation } from '../membership/identity.ts';
import { equalBytes } from './bytes.ts';
import { FrameReader, FrameWriter } from './frame-bytes.ts';

/**
 * Grows with what a member one version older does not do; the highest feature level that this program speaks as well.
 * docs/decisions/membership.md says what a version may change.
 */
export const frameVersion = 1;
export const frameHeaderBytes = 36;
export const groupTagBytes = 8;
/** Of AES-GCM and ChaCha20-Poly1305 alike. */
export const sealTagBytes = 16;

const magic = 0x4846;

export type FrameHeader = {
  readonly version: number;
  /** Which key of the ring, as a hint that saves trying them all. */
  readonly keyHint: number;
  readonly sender: Incarnation;
  /** From 1 up, never twice of one incarnation: the nonce. */
  readonly counter: number;
};

export type HeaderRefusal = 'too-short' | 'not-ours' | 'other-version' | 'other-group' | 'malformed';

export function encodeFrameHeader(header: FrameHeader, groupTag: Uint8Array): Uint8Array {
  const writer = new FrameWriter(frameHeaderBytes);
  writer.u16(magic);
  writer.u8(header.version);
  writer.u8(header.keyHint);
  writer.bytes(groupTag);
  writer.incarnation(header.sender);
  writer.u53(header.counter);
  return writer.finish();
}

/** Never throws. Versions that are one apart understand each other, so that a group can be upgraded host by host. */
export function decodeFrameHeader(frame: Uint8Array, groupTag: Uint8Array): FrameHeader | HeaderRefusal {
  if (frame.length < frameHeaderBytes + sealTagBytes) return 'too-short';
  const reader = new FrameReader(frame);
  if (reader.u16() !== magic) return 'not-ours';
  const version = reader.u8();
  if (Math.abs(version - frameVersion) > 1 || version === 0) return 'other-version';
  const keyHint = reader.u8();
  if (!equalBytes(reader.bytes(groupTagBytes), groupTag)) return 'other-group';
  const sender = reader.incarnation();
  const high = reader.u32();
  const counter = high * 2 ** 32 + reader.u32();
  if (!Number.isSafeInteger(counter)) return 'malformed';
  return { version, keyHint, sender, counter };
}
