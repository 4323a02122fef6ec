/** What one engine sends to another. */
import type { Incarnation } from '../../agent/membership/identity.ts';
import type { Heartbeat, LinkDatagram } from '../../agent/membership/message.ts';

export type Frame =
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
  /** By the guard of a dead agent; `from` is who died. */
  | { readonly kind: 'obituary'; readonly from: Incarnation }
  | { readonly kind: 'datagram'; readonly from: Incarnation; readonly datagram: LinkDatagram };
