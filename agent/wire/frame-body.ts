/**
 * What is sealed in a membership frame: a heartbeat, a fragment of a link, an acknowledgement or an obituary. One byte of kind, then
 * the fields; what follows them is of a later version and passed over.
 */
import { compareMaybeViewIds, type Incarnation } from '../membership/identity.ts';
import type { Heartbeat, LinkDatagram } from '../membership/message.ts';
import { FrameReader, FrameWriter, MalformedFrame } from './frame-bytes.ts';

export type FrameBody =
  /** `path`: the sender's own number of the path it went out on. */
  | { readonly kind: 'heartbeat'; readonly path: number; readonly heartbeat: Heartbeat }
  | LinkDatagram
  /** The sender is dead: sealed while it lived, sent by its guard. */
  | { readonly kind: 'obituary' };

export type BodyRefusal = 'malformed' | 'unknown-kind';

const kinds = { heartbeat: 1, data: 2, ack: 3, obituary: 4 } as const;
const leavingFlag = 1;
const promisedIsViewFlag = 2;
const standsBackFlag = 4;
const asksFlag = 8;
const echoFlag = 16;
const finalFlag = 1;
const hearsFlag = 1;
const inViewFlag = 2;
const sparesFlag = 4;

export function encodeFrameBody(body: FrameBody): Uint8Array {
  switch (body.kind) {
    case 'heartbeat':
      return encodeHeartbeat(body.path, body.heartbeat);
    case 'data': {
      const writer = new FrameWriter(34 + body.bytes.length);
      writer.u8(kinds.data);
      writer.incarnation(body.to);
      writer.u53(body.epoch);
      writer.u53(body.number);
      writer.u8(body.final ? finalFlag : 0);
      writer.u16(body.bytes.length);
      writer.bytes(body.bytes);
      return writer.finish();
    }
    case 'obituary':
      return Uint8Array.of(kinds.obituary);
    case 'ack': {
      const writer = new FrameWriter(33);
      writer.u8(kinds.ack);
      writer.incarnation(body.to);
      writer.u53(body.epoch);
      writer.u53(body.upTo);
      return writer.finish();
    }
  }
}

/** Never throws. */
export function decodeFrameBody(bytes: Uint8Array): FrameBody | BodyRefusal {
  try {
    return readBody(new FrameReader(bytes));
  } catch (error) {
    if (error instanceof MalformedFrame) return 'malformed';
    throw error;
  }
}

function readBody(reader: FrameReader): FrameBody | BodyRefusal {
  switch (reader.u8()) {
    case kinds.heartbeat:
      return readHeartbeat(reader);
    case kinds.data: {
      const to = reader.incarnation();
      const epoch = reader.u53();
      const number = reader.u53();
      const final = (reader.u8() & finalFlag) !== 0;
      const length = reader.u16();
      if (number === 0) throw new MalformedFrame('a fragment with the number 0');
      return { kind: 'data', to, epoch, number, final, bytes: reader.bytes(length) };
    }
    case kinds.obituary:
      return { kind: 'obituary' };
    case kinds.ack:
      return { kind: 'ack', to: reader.incarnation(), epoch: reader.u53(), upTo: reader.u53() };
    default:
      return 'unknown-kind';
  }
}

/** Members of the view first, in its order, because the delivered counts go by it; then others that are heard, or spared. */
function encodeHeartbeat(path: number, heartbeat: Heartbeat): Uint8Array {
  const writer = new FrameWriter(128 + 20 * (heartbeat.viewMembers.length + heartbeat.hears.length));
  const heard = new Set(heartbeat.hears);
  const inView = new Set(heartbeat.viewMembers);
  const spared = new Set(heartbeat.spares);
  const others = new Set([...heartbeat.hears, ...heartbeat.spares]);
  const listed = [...heartbeat.viewMembers, ...[...others].filter((other) => !inView.has(other))];
  writer.u8(kinds.heartbeat);
  writer.u8(path);
  writer.member(heartbeat.member);
  writer.u8(heartbeat.level);
  writer.varint(heartbeat.number);
  writer.u16(heartbeat.intervalMs);
  // At rest they are the same, and a heartbeat of the largest group is to fit one Ethernet frame.
  const promisedIsView = compareMaybeViewIds(heartbeat.view, heartbeat.promised) === 0;
  const standing = (heartbeat.leaving ? leavingFlag : 0) | (heartbeat.standsBack ? standsBackFlag : 0);
  const asking = (heartbeat.asks ? asksFlag : 0) | (heartbeat.echo > 0 ? echoFlag : 0);
  writer.u8(standing | asking | (promisedIsView ? promisedIsViewFlag : 0));
  writer.maybeViewId(heartbeat.view);
  if (!promisedIsView) writer.maybeViewId(heartbeat.promised);
  writer.u16(listed.length);
  for (const other of listed) {
    writer.incarnation(other);
    writer.u8(
      (heard.has(other) ? hearsFlag : 0) | (inView.has(other) ? inViewFlag : 0) | (spared.has(other) ? sparesFlag : 0),
    );
  }
  for (const count of heartbeat.delivered) writer.varint(count);
  if (heartbeat.echo > 0) writer.varint(heartbeat.echo);
  return writer.finish();
}

function readHeartbeat(reader: FrameReader): FrameBody {
  const path = reader.u8();
  const member = reader.member();
  const level = reader.level();
  const number = reader.varint();
  const intervalMs = reader.u16();
  if (intervalMs === 0) throw new MalformedFrame('an interval of 0');
  const flags = reader.u8();
  const leaving = (flags & leavingFlag) !== 0;
  const standsBack = (flags & standsBackFlag) !== 0;
  const view = reader.maybeViewId();
  const promised = (flags & promisedIsViewFlag) !== 0 ? view : reader.maybeViewId();
  const hears: Incarnation[] = [];
  const viewMembers: Incarnation[] = [];
  const spares: Incarnation[] = [];
  for (let left = reader.u16(); left > 0; left -= 1) {
    const other = reader.incarnation();
    const marks = reader.u8();
    if ((marks & hearsFlag) !== 0) hears.push(other);
    if ((marks & inViewFlag) !== 0) viewMembers.push(other);
    if ((marks & sparesFlag) !== 0) spares.push(other);
  }
  const delivered = viewMembers.map(() => reader.varint());
  const asks = (flags & asksFlag) !== 0;
  const echo = (flags & echoFlag) !== 0 ? reader.varint() : 0;
  const heartbeat: Heartbeat = {
    member,
    level,
    number,
    intervalMs,
    leaving,
    standsBack,
    view,
    viewMembers,
    delivered,
    promised,
    hears,
    spares,
    asks,
    echo,
  };
  return { kind: 'heartbeat', path, heartbeat };
}
