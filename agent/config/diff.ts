/**
 * What a running agent may take over from a file that it reads anew, and what asks for a restart. Pure. The kernel and the group are not
 * looked at: each part of the agent brings itself in line with the new values.
 */
import type { HostName } from '../membership/view.ts';
import type { Config, Host, ManagedSet, VirtualAddress } from './config.ts';

export type ConfigDiff =
  /** One line a change, for people. Empty: nothing of it differs. */
  | { readonly kind: 'applicable'; readonly changes: readonly string[] }
  /** One line for each thing that hinders. */
  | { readonly kind: 'refused'; readonly why: readonly string[] };

/** Of every top-level value; 'restart': the key that is refused. A key that is added to `Config` does not compile without a line here. */
const reloading: { readonly [Key in keyof Config]: 'by itself' | { readonly restart: string } } = {
  file: 'by itself',
  group: { restart: 'group' },
  keyFile: 'by itself',
  heartbeatMs: { restart: 'heartbeat' },
  detectMs: { restart: 'detect' },
  takeover: { restart: 'takeover' },
  hangMs: { restart: 'hang' },
  port: { restart: 'port' },
  discovery: { restart: 'discovery' },
  peers: 'by itself',
  matureMs: 'by itself', // of the next start
  lifetimeSeconds: { restart: 'lifetime' },
  announce: 'by itself',
  probeMs: 'by itself',
  conflict: 'by itself',
  balance: 'by itself',
  damping: 'by itself',
  partition: { restart: 'partition' },
  witnessAddresses: { restart: 'witness_addresses' },
  hosts: 'by itself',
  sets: 'by itself',
  poolVersion: 'by itself',
};

/** @param self the host that this agent runs on */
export function diffConfigs(before: Config, after: Config, self: HostName): ConfigDiff {
  const why = [
    ...restartsNeeded(before, after),
    ...ownHostProblems(before, after, self),
    ...movedAddresses(before, after),
  ];
  if (why.length > 0) return { kind: 'refused', why };
  return {
    kind: 'applicable',
    changes: [
      ...namedChanges('set', before.sets, after.sets, changesOfSet),
      ...namedChanges('host', before.hosts, after.hosts, changesOfHost),
      ...settingChanges(before, after),
    ],
  };
}

function restartsNeeded(before: Config, after: Config): readonly string[] {
  return Object.entries(reloading).flatMap(([key, how]) => {
    const name = key as keyof Config; // of a record with exactly these
    if (how === 'by itself' || same(before[name], after[name])) return [];
    return [`"${how.restart}" is another one: it changes with a restart of the agent, not with a reload`];
  });
}

function ownHostProblems(before: Config, after: Config, self: HostName): readonly string[] {
  const [was, is] = [before, after].map(({ hosts }) => hosts.find(({ name }) => name === self));
  if (is === undefined) return [`[host.${self}] is gone, and this agent is of ${self}: stop it first`];
  const keys = (['paths', 'witness'] as const).filter((key) => !same(was?.[key], is[key]));
  return keys.map(
    (key) =>
      `"${key}" of [host.${self}], this host, is another one: it changes with a restart of the agent, not with a reload`,
  );
}

/** While files are changed host by host, an address in two sets could be on two hosts. */
function movedAddresses(before: Config, after: Config): readonly string[] {
  const setOf = new Map(
    before.sets.flatMap(({ name, addresses }) => addresses.map((it) => [it.address, name] as const)),
  );
  return after.sets.flatMap(({ name, addresses }) =>
    addresses.flatMap(({ address }) => {
      const was = setOf.get(address);
      if (was === undefined || was === name) return [];
      return [
        `${address} goes from set ${was} to set ${name}: remove it on every host first, and add it with a second reload`,
      ];
    }),
  );
}

/** Of things that have a name each. */
function namedChanges<Named extends { readonly name: string }>(
  kind: string,
  before: readonly Named[],
  after: readonly Named[],
  changesOf: (before: Named, after: Named) => readonly string[],
): readonly string[] {
  const was = new Map(before.map((each) => [each.name, each]));
  const is = new Set(after.map(({ name }) => name));
  return [
    ...before.filter(({ name }) => !is.has(name)).map(({ name }) => `${kind} ${name} is removed`),
    ...after.flatMap((each) => {
      const known = was.get(each.name);
      return known === undefined ? [`${kind} ${each.name} is added`] : changesOf(known, each);
    }),
  ];
}

function changesOfSet(before: ManagedSet, after: ManagedSet): readonly string[] {
  const [was, is] = [before, after].map(({ addresses }) => addresses.map(written)) as [string[], string[]]; // two of two
  const policies = (['prefer', 'only', 'apart', 'failbackMs', 'handover'] as const).filter(
    (key) => !same(before[key], after[key]),
  );
  return [
    ...was.filter((address) => !is.includes(address)).map((address) => `set ${after.name} is without ${address}`),
    ...is.filter((address) => !was.includes(address)).map((address) => `set ${after.name} has ${address} as well`),
    ...policies.map((key) => `set ${after.name}: "${key === 'failbackMs' ? 'failback' : key}" is another one`),
  ];
}

function written({ address, prefixLength, interface: name, preferredSource }: VirtualAddress): string {
  return `${address}/${prefixLength} on ${name}${preferredSource === true ? ' as preferred source' : ''}`;
}

function changesOfHost(before: Host, after: Host): readonly string[] {
  const keys = (['paths', 'weight', 'witness'] as const).filter((key) => !same(before[key], after[key]));
  return keys.map((key) => `host ${after.name}: "${key}" is another one`);
}

function settingChanges(before: Config, after: Config): readonly string[] {
  const settings = [
    ['key_file', before.keyFile, after.keyFile],
    ['peers', before.peers, after.peers],
    ['mature', before.matureMs, after.matureMs],
    ['probe', before.probeMs, after.probeMs],
    ['conflict', before.conflict, after.conflict],
    ['[announce]', before.announce, after.announce],
    ['[balance]', before.balance, after.balance],
    ['[damping]', before.damping, after.damping],
  ] as const;
  return settings.flatMap(([name, was, is]) => (same(was, is) ? [] : [`${name} is another one`]));
}

/** Of plain values, whose keys are always written in one order. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
