/** What one engine sends to another. */
import type { Incarnation } from '../../agent/membership/identity.ts';
import type { Heartbeat, LinkDatagram } from '../../agent/membership/message.ts';

export type Frame =
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
  | { readonly kind: 'datagram'; readonly from: Incarnation; readonly datagram: LinkDatagram };
