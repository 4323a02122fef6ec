/** What is compared, behind one interface: how it is set up on the hosts of a lab, and what can befall it there. */
import type { AddressWatch } from '../../agent/lab/address-watch.ts';
import type { CutProtocol } from '../../agent/lab/cuts.ts';
import type { Lab, LabHost } from '../../agent/lab/lab.ts';

export type Contender = {
  /** 'keepalived, adverts every 100 ms' */
  readonly title: string;
  /** For options and files: 'keepalived-100ms' */
  readonly name: string;
  readonly family: 'holdfast' | 'keepalived' | 'ucarp';
  /** More than these it is not asked to hold; how it is set up here says why. */
  readonly addressesMax: number;
  /** The frames by which its hosts hear of each other. */
  readonly protocol: CutProtocol;
  readonly hostsMax: number;
  /** Writes the configuration for every host; starts nothing. @param addresses `address/prefix` */
  prepare(lab: Lab, addresses: readonly string[]): Promise<Group>;
};

/** Something that a contender can or cannot do; where it cannot, why. */
export type Ability<Act> =
  | { readonly kind: 'able'; readonly act: Act }
  | { readonly kind: 'unable'; readonly why: string };

export type Group = {
  readonly watch: AddressWatch;
  /** Starts it on all hosts at once, the addresses spread evenly; resolves when it was told to, and is not to be disturbed any more. */
  startAll(): Promise<void>;
  /** Starts it on one host. */
  start(host: LabHost): Promise<void>;
  /** Resolves when all that were started take part, as far as the contender lets one see that. */
  joined(host: LabHost): Promise<void>;
  /** As `systemctl stop` would; resolves when it has ended. */
  stop(host: LabHost): Promise<void>;
  /** Its processes on a host: the first is the one that `kill` and `freeze` hit, with what it needs to be hit as a whole. */
  pids(host: LabHost): readonly number[];
  /** SIGKILL to the agent. */
  kill(host: LabHost): Promise<void>;
  /** SIGSTOP, SIGCONT to the agent. */
  freeze(host: LabHost): void;
  thaw(host: LabHost): void;
  /** Makes another host the owner of one address, by an operator's wish. */
  readonly move: Ability<(address: string, from: LabHost, to: LabHost) => Promise<void>>;
  /** Adds an address to what runs, on all hosts. @param address `address/prefix` */
  readonly addAddress: Ability<(address: string) => Promise<void>>;
};

/** One after the other: to ask thirty agents at once, again and again, is more work than all that they have to do. */
export async function allJoined(lab: Lab, group: Group): Promise<void> {
  for (const host of lab.hosts) await group.joined(host);
}

export function able<Act>(act: Act): Ability<Act> {
  return { kind: 'able', act };
}

export function unable(why: string): { readonly kind: 'unable'; readonly why: string } {
  return { kind: 'unable', why };
}
