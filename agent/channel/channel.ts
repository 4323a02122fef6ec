/**
 * The membership channel: what ownership may rely on, whichever engine runs it.
 *
 * 1. `view`: all who install a view install the same one; ids only grow.
 * 2. `deliver`: only in the view it was sent in; FIFO per sender, own messages included; members that go together
 *    from one view to the next delivered the same messages in the first.
 * 3. `lost`: the engine is gone (not the network). Claim nothing.
 */
import type { Host, PeerEntry } from '../config/config.ts';
import type { Evidence } from '../membership/evidence.ts';
import type { HostName, InstantMs, MemberId, View } from '../membership/view.ts';

export type ChannelEvent =
  | { readonly kind: 'view'; readonly view: View }
  /** The view's `apart` or `spared` has changed since. */
  | { readonly kind: 'apart'; readonly members: readonly MemberId[]; readonly spared: boolean }
  /**
   * All members that missed a heartbeat, or are left out, in the view still or not yet again. `heard`: those of them that are
   * there, for all that is known.
   */
  | { readonly kind: 'suspects'; readonly members: readonly MemberId[]; readonly heard: readonly MemberId[] }
  | { readonly kind: 'deliver'; readonly sender: MemberId; readonly payload: Uint8Array }
  | { readonly kind: 'lost'; readonly reason: string }
  /** Something for the operator, told once: it is in `ChannelStatus.notices` from now on. */
  | { readonly kind: 'notice'; readonly text: string }
  /** As in `PathStatus`, when it changes. */
  | { readonly kind: 'path'; readonly host: HostName; readonly address: string; readonly lost: boolean }
  /** The engine stood still for longer than the others' patience, or hears that they have gone on: what is held may be another's. */
  | { readonly kind: 'stalled' }
  /** This member may not be in the group: e.g. another live member has its host name. The agent ends. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What an operator sees of one other member, in the view or not. */
export type PeerStatus = {
  readonly member: MemberId;
  readonly host: HostName;
  /** The highest that it speaks. */
  readonly level: number;
  readonly inView: boolean;
  /** Heard within its patience on any path, and hearing us. */
  readonly state: 'alive' | 'one-way' | 'silent';
  readonly paths: readonly PathStatus[];
};

/** One address that a host is heard from, or should be. */
export type PathStatus = {
  readonly address: string;
  /** null: never since it was first heard. */
  readonly lastHeardMsAgo: number | null;
  /** Silent for a while, though the host is heard on another: there is less redundancy than there should be. */
  readonly lost: boolean;
};

export type ChannelStatus = {
  readonly engine: 'built-in' | 'spread' | 'corosync';
  /** The highest that this program speaks. */
  readonly level: number;
  readonly peers: readonly PeerStatus[];
  /** Frames refused, by named reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Who sent the newest refused frame of each reason: an address. */
  readonly refusedFrom: Readonly<Record<string, string>>;
  /** Things said once: e.g. no permission for SCHED_RR. */
  readonly notices: readonly string[];
};

/** What a guard tells the group over one path when this agent has died: sealed beforehand, since a guard has no key. */
export type Obituary = {
  /** As the agent's own datagrams have it, and the destinations' port. */
  readonly source: string;
  readonly port: number;
  readonly multicast: boolean;
  readonly destinations: readonly string[];
  /** One for each time it is sent. */
  readonly frames: readonly Uint8Array[];
};

export type Channel = {
  readonly self: MemberId;
  /**
   * Multicasts messages to the view of the newest `view` event, the sender included. Dropped where the engine is in another by then:
   * the caller reports anew in every view. At most 1 MiB each.
   */
  send(...payloads: readonly Uint8Array[]): void;
  /**
   * From now on the first key seals and all open, 32 bytes each; no heartbeat is lost over it. Obituaries are to be asked for anew.
   * Without effect where the engine does not seal.
   */
  rekey(keys: readonly Uint8Array[]): void;
  /** Where other hosts can be reached, from now on. Without effect where the engine's own daemon knows. */
  changeHosts(hosts: readonly Host[]): void;
  /** Where members may be beside those hosts, likewise. */
  changePeers(peers: readonly PeerEntry[]): void;
  /**
   * All silent members to whom is left what they have, as decided in the newest view, to be told so; said in every view, as until then it is
   * left to all whom the view lost. Without effect where silent is gone.
   */
  spare(members: readonly MemberId[]): void;
  /** Whether the view stands, asked when something is due and again later. */
  readonly evidence: Evidence;
  /** What a decision of the group asks of this host is in the kernel and announced: the rest does not hurry. */
  decided(): void;
  status(): Promise<ChannelStatus>;
  /** One for each path; to be asked for anew in every view. Empty where the engine's own daemon tells the group. */
  obituary(): Promise<readonly Obituary[]>;
  /** Leaves the group so that the others install a view without this member at once; then closes. */
  leave(): Promise<void>;
};

export type OnChannelEvent = (event: ChannelEvent, now: InstantMs) => void;
