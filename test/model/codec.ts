/** Messages as numbers: the same message has the same one, so that states can be compared. What wire/ makes of them has its own tests. */
import type { LinkMessage, MessageCodec } from '../../agent/membership/message.ts';
import type { Message } from '../../agent/ownership/message.ts';
import { hashOf, textOf } from './text.ts';

export const linkCodec: MessageCodec = {
  encode: (message) => bytesOf(message),
  decode: (bytes) => entryOf(bytes).message as LinkMessage, // what rides on a link is put in as one
};

export function payloadOf(message: Message): Uint8Array {
  return bytesOf(message);
}

export function messageOf(payload: Uint8Array): Message {
  return entryOf(payload).message as Message; // what a multicast carries is put in as one
}

/** The same for messages that differ in nothing but ages. */
export function meaningOf(bytes: Uint8Array): string {
  return entryOf(bytes).meaning;
}

type Entry = { readonly message: LinkMessage | Message; readonly meaning: string };

const entries: Entry[] = []; // UNBOUNDED: a search ends
const numbers = new Map<string, number>();

function bytesOf(message: LinkMessage | Message): Uint8Array {
  const exact = JSON.stringify(message, (_, value) => (value instanceof Uint8Array ? [...value] : value));
  let number = numbers.get(exact);
  if (number === undefined) {
    const meaning = hashOf(textOf(message, { now: null, meaningOf })).toString(36);
    number = entries.push({ message, meaning }) - 1;
    numbers.set(exact, number);
  }
  return Uint8Array.of(number & 255, (number >> 8) & 255, (number >> 16) & 255, number >> 24);
}

function entryOf(bytes: Uint8Array): Entry {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const entry = entries[a | (b << 8) | (c << 16) | (d << 24)];
  if (entry === undefined) throw new Error('no such message');
  return entry;
}
