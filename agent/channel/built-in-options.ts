/** What the built-in engine is told, and what its thread and the main one say to each other. */
import type { Config, Host } from '../config/config.ts';
import type { Route } from '../membership/peer.ts';
import type { HostName, MemberId, ViewId } from '../membership/view.ts';
import type { ChannelEvent, ChannelStatus, Obituary } from './channel.ts';

export type BuiltInOptions = Pick<
  Config,
  'group' | 'heartbeatMs' | 'detectMs' | 'hangMs' | 'port' | 'discovery' | 'hosts' | 'peers' | 'takeover'
> & {
  /** The host of `hosts` that this is. */
  readonly self: HostName;
  /** 32 bytes each; the first seals, all open. */
  readonly keys: readonly Uint8Array[];
};

export function ownPaths({ hosts, self }: Pick<BuiltInOptions, 'hosts' | 'self'>): Host['paths'] {
  return hosts.find((host) => host.name === self)?.paths ?? [];
}

export type WorkerData = {
  readonly options: BuiltInOptions;
  /** To the peers of the options, as far as they are known by now. */
  readonly peerRoutes: readonly Route[];
  readonly mainLoop: SharedArrayBuffer;
  readonly evidence: SharedArrayBuffer;
};

export type ToWorker =
  | { readonly kind: 'send'; readonly view: ViewId; readonly payloads: readonly Uint8Array[] }
  | { readonly kind: 'rekey'; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'hosts'; readonly hosts: readonly Host[] }
  | { readonly kind: 'peers'; readonly routes: readonly Route[] }
  | { readonly kind: 'spare'; readonly view: ViewId; readonly members: readonly MemberId[] }
  | { readonly kind: 'ask'; readonly question: number }
  | { readonly kind: 'decided' }
  | { readonly kind: 'status'; readonly id: number }
  | { readonly kind: 'obituary'; readonly id: number }
  | { readonly kind: 'leave' };

export type FromWorker =
  | { readonly kind: 'opened'; readonly self: MemberId }
  | { readonly kind: 'failed'; readonly code: string; readonly address: string; readonly port: number }
  | { readonly kind: 'event'; readonly event: ChannelEvent }
  | { readonly kind: 'status'; readonly id: number; readonly status: ChannelStatus }
  | { readonly kind: 'obituary'; readonly id: number; readonly obituary: readonly Obituary[] };
