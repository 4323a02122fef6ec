/** Messages that ride on a link, as bytes. One byte of kind, then the fields; later versions may add fields at the end. */
import type { LinkMessage, Recalled, RefuseReason } from '../membership/message.ts';
import type { MemberId } from '../membership/view.ts';
import { FrameReader, FrameWriter, MalformedFrame } from './frame-bytes.ts';

const kinds = {
  propose: 1,
  recall: 2,
  promise: 3,
  refuse: 4,
  'catch-up': 5,
  commit: 6,
  multicast: 7,
  leave: 8,
} as const;
const reasons: readonly RefuseReason[] = ['lower-ballot', 'not-mutual', 'keeps-view'];

export function encodeLinkMessage(message: LinkMessage): Uint8Array {
  const writer = new FrameWriter(256 + ('payload' in message ? message.payload.length : 0));
  writer.u8(kinds[message.kind]);
  switch (message.kind) {
    case 'propose':
      writer.viewId(message.ballot);
      writeMembers(writer, message.members);
      writer.maybeViewId(message.has?.former ?? null);
      writer.u16(message.has?.delivered.length ?? 0);
      for (const count of message.has?.delivered ?? []) writer.u32(count);
      break;
    case 'recall':
    case 'catch-up':
      writer.viewId(message.ballot);
      writeRecalled(writer, message.message);
      break;
    case 'promise':
      writer.viewId(message.ballot);
      writer.u8(message.level);
      writer.maybeViewId(message.former);
      writeMembers(writer, message.formerMembers);
      for (const count of message.delivered) writer.u32(count);
      break;
    case 'refuse':
      writer.viewId(message.ballot);
      writer.maybeViewId(message.highest);
      writer.u8(reasons.indexOf(message.reason));
      break;
    case 'commit':
      writer.viewId(message.ballot);
      writer.u8(message.level);
      writeMembers(writer, message.members);
      writeMembers(writer, message.together);
      break;
    case 'multicast':
      writer.viewId(message.view);
      writer.u32(message.number);
      writer.u32(message.payload.length);
      writer.bytes(message.payload);
      break;
    case 'leave':
      break;
  }
  return writer.finish();
}

/** Never throws; `null`: malformed, or of a kind this version does not know. */
export function decodeLinkMessage(bytes: Uint8Array): LinkMessage | null {
  try {
    return readMessage(new FrameReader(bytes));
  } catch (error) {
    if (error instanceof MalformedFrame) return null;
    throw error;
  }
}

function readMessage(reader: FrameReader): LinkMessage | null {
  switch (reader.u8()) {
    case kinds.propose:
      return readPropose(reader);
    case kinds.recall:
      return { kind: 'recall', ballot: reader.viewId(), message: readRecalled(reader) };
    case kinds.promise: {
      const ballot = reader.viewId();
      const level = reader.level();
      const former = reader.maybeViewId();
      const formerMembers = readMembers(reader);
      const delivered = formerMembers.map(() => reader.u32());
      return { kind: 'promise', ballot, level, former, formerMembers, delivered };
    }
    case kinds.refuse: {
      const ballot = reader.viewId();
      const highest = reader.maybeViewId();
      // A reason of a later version: whatever it is, the proposal did not succeed.
      return { kind: 'refuse', ballot, highest, reason: reasons[reader.u8()] ?? 'not-mutual' };
    }
    case kinds['catch-up']:
      return { kind: 'catch-up', ballot: reader.viewId(), message: readRecalled(reader) };
    case kinds.commit: {
      const [ballot, level] = [reader.viewId(), reader.level()];
      return { kind: 'commit', ballot, level, members: readMembers(reader), together: readMembers(reader) };
    }
    case kinds.multicast:
      return { kind: 'multicast', view: reader.viewId(), number: reader.u32(), payload: reader.bytes(reader.u32()) };
    case kinds.leave:
      return { kind: 'leave' };
    default:
      return null;
  }
}

function readPropose(reader: FrameReader): LinkMessage {
  const propose = { kind: 'propose', ballot: reader.viewId(), members: readMembers(reader) } as const;
  if (reader.isAtEnd) return propose; // of the version before
  const former = reader.maybeViewId();
  const delivered = reader.list(reader.u16(), () => reader.u32());
  return former === null ? propose : { ...propose, has: { former, delivered } };
}

function writeMembers(writer: FrameWriter, members: readonly MemberId[]): void {
  writer.u16(members.length);
  for (const member of members) writer.member(member);
}

function readMembers(reader: FrameReader): readonly MemberId[] {
  return reader.list(reader.u16(), () => reader.member());
}

function writeRecalled(writer: FrameWriter, { sender, number, payload }: Recalled): void {
  writer.member(sender);
  writer.u32(number);
  writer.u32(payload.length);
  writer.bytes(payload);
}

function readRecalled(reader: FrameReader): Recalled {
  return { sender: reader.member(), number: reader.u32(), payload: reader.bytes(reader.u32()) };
}
