/**
 * How simulated members put messages into bytes: as they are on the wire, or, where only the protocol is meant, as the number
 * of the message in a list, which is ten times as quick.
 */
import type { LinkMessage, MessageCodec } from '../../agent/membership/message.ts';
import type { Message } from '../../agent/ownership/message.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../agent/wire/frame-message.ts';
import { decodeOwnershipMessage, encodeOwnershipMessage } from '../../agent/wire/ownership-message.ts';

export type Codec = {
  readonly link: MessageCodec;
  encode(message: Message): Uint8Array;
  decode(payload: Uint8Array): Message;
  /** The same for the same message; only numbers tell apart two of the same words. */
  keyOf(payload: Uint8Array): string;
};

export function wireCodec(): Codec {
  return {
    link: { encode: encodeLinkMessage, decode: decodeLinkMessage },
    encode: encodeOwnershipMessage,
    decode: (payload) => {
      const message = decodeOwnershipMessage(payload);
      if (message.kind === 'refused')
        throw new Error(`a message is not understood: ${message.reason} at ${message.at}`);
      return message;
    },
    keyOf: (payload) => Buffer.from(payload).toString('latin1'),
  };
}

export function numberCodec(): Codec {
  const link = new Numbered<LinkMessage>();
  const payloads = new Numbered<Message>();
  return {
    link: { encode: (message) => link.put(message), decode: (bytes) => link.get(bytes) },
    encode: (message) => payloads.put(message),
    decode: (payload) => payloads.get(payload),
    keyOf: (payload) => String(numberIn(payload)),
  };
}

class Numbered<T> {
  readonly #items: T[] = []; // UNBOUNDED: a run ends

  put(item: T): Uint8Array {
    const number = this.#items.push(item) - 1;
    return Uint8Array.of(number & 255, (number >> 8) & 255, (number >> 16) & 255, number >> 24);
  }

  get(bytes: Uint8Array): T {
    const item = this.#items[numberIn(bytes)];
    if (item === undefined) throw new Error('no such message');
    return item;
  }
}

function numberIn(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return a | (b << 8) | (c << 16) | (d << 24);
}
