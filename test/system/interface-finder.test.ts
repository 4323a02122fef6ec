import { expect, it } from 'vitest';
import type { InterfaceName, Subnet } from '../../agent/config/config.ts';
import { InterfaceFinder } from '../../agent/system/interface-finder.ts';
import type { TableChange } from '../../agent/system/kernel-table.ts';
import type { Link, LinkChange } from '../../agent/system/links.ts';
import type { KernelAddress } from '../../agent/wire/rtnetlink-address.ts';
import { kernelAddress, link } from './kernel-values.ts';

const subnet = '10.1.0.0/24' as Subnet;
const named = 'eth0' as InterfaceName;

/** The tables of a host, changed by the test; they tell of it as the kernel's do. */
class Host {
  readonly links = new Map<number, Link>();
  readonly addresses: KernelAddress[] = [];
  readonly #linkListeners = new Set<(change: LinkChange) => void>();
  readonly #addressListeners = new Set<(change: TableChange<KernelAddress>) => void>();

  readonly finder = new InterfaceFinder({
    links: {
      byName: (name) => [...this.links.values()].find((each) => each.name === name),
      byIndex: (index) => this.links.get(index),
      onChange: (listener) => subscribe(this.#linkListeners, listener),
    },
    watch: { all: () => this.addresses, onChange: (listener) => subscribe(this.#addressListeners, listener) },
  });

  put(value: Link): void {
    const before = this.links.get(value.index);
    this.links.set(value.index, value);
    for (const tell of this.#linkListeners) {
      tell(before === undefined ? { kind: 'added', value } : { kind: 'changed', value, before });
    }
  }

  delete(index: number): void {
    const value = this.links.get(index);
    this.links.delete(index);
    if (value !== undefined) for (const tell of this.#linkListeners) tell({ kind: 'removed', value });
  }

  add(address: string, interfaceIndex: number, protocol: number | null = null): void {
    const value = kernelAddress({ address, interfaceIndex, protocol, prefixLength: 24 });
    this.addresses.push(value);
    for (const tell of this.#addressListeners) tell({ kind: 'added', value });
  }

  remove(address: string): void {
    const at = this.addresses.findIndex((each) => each.address === address);
    for (const value of this.addresses.splice(at, 1)) {
      for (const tell of this.#addressListeners) tell({ kind: 'removed', value });
    }
  }

  get listeners(): number {
    return this.#linkListeners.size + this.#addressListeners.size;
  }

  on(choice: InterfaceName | Subnet): string {
    const place = this.finder.find(choice);
    return place.kind === 'found' ? place.link.name : place.why;
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function host(): Host {
  const made = new Host();
  made.put(link({ index: 1, name: 'lo', loopback: true }));
  made.put(link({ index: 2, name: 'eth0' }));
  made.put(link({ index: 3, name: 'eth1' }));
  return made;
}

it('find(): by name, also after it was removed, made anew, or given another name', () => {
  const it = host();
  expect(it.on(named)).toBe('eth0');
  it.delete(2);
  expect(it.on(named)).toBe('interface eth0 does not exist');
  it.put(link({ index: 9, name: 'eth0' }));
  expect(it.finder.find(named)).toMatchObject({ link: { index: 9 } });
  it.put(link({ index: 9, name: 'lan0' }));
  expect(it.on(named)).toBe('interface eth0 does not exist');
});

it('find(): by the subnet that the host has an address of its own in, on no loopback, no virtual address counted', () => {
  const it = host();
  it.add('10.1.0.200', 3, 72);
  it.add('10.1.0.7', 1);
  it.add('10.1.1.7', 3);
  expect(it.on(subnet)).toBe('no interface of this host has an address in 10.1.0.0/24');
  it.add('10.1.0.1', 2);
  expect(it.on(subnet)).toBe('eth0');
});

it('find(): the interface stays while its addresses are away, and is another one when they are there', () => {
  const it = host();
  it.add('10.1.0.1', 2);
  expect(it.on(subnet)).toBe('eth0');
  it.remove('10.1.0.1');
  expect(it.on(subnet)).toBe('eth0');
  it.add('10.1.0.1', 3);
  expect(it.on(subnet)).toBe('eth1');
  it.delete(3);
  it.remove('10.1.0.1');
  expect(it.on(subnet)).toBe('no interface of this host has an address in 10.1.0.0/24');
});

it('find(): two interfaces in the subnet are an error, but take none from a set that was there first', () => {
  const both = 'interfaces eth0 and eth1 have addresses in 10.1.0.0/24';
  const fresh = host();
  fresh.add('10.1.0.1', 3);
  fresh.add('10.1.0.2', 2);
  expect(fresh.on(subnet)).toBe(`${both}: name one of them`);
  expect(fresh.finder.ambiguity(subnet)).toBeNull();

  const running = host();
  running.add('10.1.0.1', 3);
  expect(running.on(subnet)).toBe('eth1');
  expect(running.finder.ambiguity(subnet)).toBeNull();
  running.add('10.1.0.2', 2);
  expect(running.on(subnet)).toBe('eth1');
  expect(running.finder.ambiguity(subnet)).toBe(`${both}: it stays on eth1 until the agent restarts; name one of them`);
});

it('close(): listens to nothing any more', () => {
  const it = host();
  expect(it.listeners).toBe(2);
  it.finder.close();
  expect(it.listeners).toBe(0);
});
