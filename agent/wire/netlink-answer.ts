/** What the kernel says to a request: done, or why not (NLMSG_ERROR and NLMSG_DONE with extended acknowledgements). */
import { viewOf } from './bytes.ts';
import {
  alignNetlink,
  hostIsLittleEndian,
  type NetlinkMessage,
  netlinkFlags,
  netlinkTypes,
  type Refused,
} from './netlink.ts';
import { decodeAttributes, readString, readUint32 } from './netlink-attributes.ts';

export type NetlinkAnswer =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed';
      /** Positive. */
      readonly errno: number;
      /** The kernel's own words (NLMSGERR_ATTR_MSG), or null. */
      readonly text: string | null;
      /** Where in the request the offending attribute begins (NLMSGERR_ATTR_OFFS), from its header on, or null. */
      readonly attributeOffset: number | null;
    };

/** @param message of type NLMSG_ERROR or NLMSG_DONE */
export function decodeAnswer(message: NetlinkMessage): NetlinkAnswer | Refused {
  if (message.type !== netlinkTypes.error && message.type !== netlinkTypes.done) {
    return { kind: 'refused', reason: 'not-an-answer' };
  }
  if (message.body.length < 4) return { kind: 'refused', reason: 'body-length' };
  const error = viewOf(message.body).getInt32(0, hostIsLittleEndian);
  if (error >= 0) return { kind: 'done' };
  const attributesAt = message.type === netlinkTypes.done ? 4 : attributesOffset(message);
  const none = { kind: 'failed', errno: -error, text: null, attributeOffset: null } as const;
  if ((message.flags & netlinkFlags.hasAttributes) === 0) return none;
  if (attributesAt === null || attributesAt > message.body.length) return { kind: 'refused', reason: 'body-length' };
  const decoded = decodeAttributes(message.body.subarray(attributesAt));
  if (decoded.kind === 'refused') return decoded;
  return {
    ...none,
    text: readString(decoded.attributes.get(attributeMessage)),
    attributeOffset: readUint32(decoded.attributes.get(attributeOffset)),
  };
}

const attributeMessage = 1;
const attributeOffset = 2;

/** Behind the quoted request: its header alone where capped, else the whole of it. */
function attributesOffset(message: NetlinkMessage): number | null {
  if (message.body.length < 20) return null;
  const quoted = viewOf(message.body).getUint32(4, hostIsLittleEndian);
  return 4 + (message.flags & netlinkFlags.capped ? 16 : alignNetlink(quoted));
}
