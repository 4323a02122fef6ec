import { expect, it } from 'vitest';
import { renewRequest } from '../../agent/system/address-requests.ts';
import { addAddresses, isOurs, listAddresses, removeAddresses, renewAddresses } from '../../agent/system/addresses.ts';
import { keepsProtocol, Marks, markedSocket } from '../../agent/system/marks.ts';
import { NetlinkError } from '../../agent/system/netlink-error.ts';
import type { RouteRequest, RouteResult, RouteSocket } from '../../agent/system/route-socket.ts';
import type { NetlinkMessage } from '../../agent/wire/netlink.ts';
import { netlinkFlags } from '../../agent/wire/netlink.ts';
import { routeTypes } from '../../agent/wire/rtnetlink.ts';
import { addressFlags, decodeAddress, encodeAddress, type KernelAddress } from '../../agent/wire/rtnetlink-address.ts';
import { placed } from './kernel-host.ts';
import { kernelAddress } from './kernel-values.ts';

/** The addresses of Linux 5.15: like those of any, but that it knows no IFA_PROTO and forgets it. */
class OldKernel {
  readonly #addresses = new Map<string, KernelAddress>();
  readonly #listeners = new Set<(message: NetlinkMessage) => void>();

  readonly route: RouteSocket = {
    request: async (request) => this.#answer(request),
    requests: async (list) => list.map((request) => this.#answer(request)),
    orders: async (list) =>
      list.map((request) => {
        const answer = this.#answer(request);
        return answer.kind === 'failed' ? answer.error : null;
      }),
    dump: async () => ({
      kind: 'done',
      messages: [...this.#addresses.values()].map((it) => message('newAddress', it)),
    }),
    onNotification: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    onResync: () => () => {},
    close() {},
  };

  /** `ip addr add` by somebody, for ever. */
  add(address: string): void {
    const value = kernelAddress({ address, interfaceIndex: 2, prefixLength: 24, flags: addressFlags.permanent });
    this.#put(value);
  }

  remove(address: string): void {
    const there = this.#addresses.get(address);
    if (there !== undefined) this.#tell(message('deleteAddress', there));
    this.#addresses.delete(address);
  }

  get present(): readonly string[] {
    return [...this.#addresses.keys()];
  }

  #answer({ type, flags, body, operation }: RouteRequest): RouteResult {
    const decoded = decodeAddress(body);
    if (decoded.kind === 'refused') throw new Error('no address');
    const asked: KernelAddress = { ...decoded.address, protocol: null };
    const there = this.#addresses.get(asked.address);
    const refuse = (code: string): RouteResult => ({ kind: 'failed', error: new NetlinkError({ operation, code }) });
    if (type === routeTypes.deleteAddress) {
      if (there === undefined) return refuse('EADDRNOTAVAIL');
      this.remove(asked.address);
    } else if (there !== undefined && (flags & netlinkFlags.exclusive) !== 0) {
      return refuse('EEXIST');
    } else if (there === undefined && (asked.flags & addressFlags.multicastAutoJoin) !== 0) {
      return refuse('EINVAL');
    } else {
      const permanent = asked.lifetimes === null || asked.lifetimes.valid === 'forever' ? addressFlags.permanent : 0;
      this.#put({ ...asked, flags: permanent });
    }
    return { kind: 'done', messages: [] };
  }

  #put(address: KernelAddress): void {
    this.#addresses.set(address.address, address);
    this.#tell(message('newAddress', address));
  }

  #tell(told: NetlinkMessage): void {
    for (const listener of this.#listeners) listener(told);
  }
}

function message(type: 'newAddress' | 'deleteAddress', address: KernelAddress): NetlinkMessage {
  return { type: routeTypes[type], flags: 0, sequence: 0, portId: 0, body: encodeAddress(address) };
}

const six = { lifetimeSeconds: 6 } as const;
const vip = placed('192.0.2.10', 24);

function setUp(): { readonly kernel: OldKernel; readonly marks: Marks; readonly route: RouteSocket } {
  const kernel = new OldKernel();
  const marks = new Marks(six);
  return { kernel, marks, route: marks.before(kernel.route) };
}

async function ours(route: RouteSocket): Promise<readonly string[]> {
  const list = await listAddresses(route);
  return list.kind === 'listed' ? list.addresses.filter(isOurs).map(({ address }) => address) : [];
}

it('without marks an old kernel makes our own address a foreign one', async () => {
  const { route } = new OldKernel();
  await addAddresses(route, [vip], six);
  expect(await renewAddresses(route, [vip], six)).toMatchObject([{ kind: 'address-taken' }]);
});

it('what was put there is ours: listed, told of, renewed, removed', async () => {
  const { kernel, route } = setUp();
  const told: (number | null)[] = [];
  route.onNotification(({ body }) => {
    const decoded = decodeAddress(body);
    if (decoded.kind === 'address') told.push(decoded.address.protocol);
  });
  kernel.add('192.0.2.1');
  expect(await addAddresses(route, [vip], six)).toMatchObject([{ kind: 'added' }]);
  expect(await ours(route)).toEqual(['192.0.2.10']);
  expect(told).toEqual([null, 72]);
  expect(await renewAddresses(route, [vip], six)).toMatchObject([{ kind: 'renewed' }]);
  expect(await removeAddresses(route, [vip])).toMatchObject([{ kind: 'removed' }]);
  expect(kernel.present).toEqual(['192.0.2.1']);
});

it('what an administrator has put there is not, before us or in the place of ours', async () => {
  const { kernel, route } = setUp();
  kernel.add('192.0.2.10');
  expect(await addAddresses(route, [vip], six)).toMatchObject([{ kind: 'address-taken' }]);
  expect(await ours(route)).toEqual([]);
  kernel.remove('192.0.2.10');
  await addAddresses(route, [vip], six);
  kernel.remove('192.0.2.10');
  expect(await renewAddresses(route, [vip], six)).toMatchObject([{ kind: 'gone' }]);
  kernel.add('192.0.2.10');
  expect(await renewAddresses(route, [vip], six)).toMatchObject([{ kind: 'address-taken' }]);
  expect(await removeAddresses(route, [vip])).toMatchObject([{ kind: 'address-taken' }]);
  expect(kernel.present).toEqual(['192.0.2.10']);
});

it('what was made to stay is ours all the same, until it has a lifetime again', async () => {
  const { kernel, route } = setUp();
  await addAddresses(route, [vip], six);
  expect(await renewAddresses(route, [vip], { lifetimeSeconds: 'never' })).toMatchObject([{ kind: 'renewed' }]);
  expect(await ours(route)).toEqual(['192.0.2.10']);
  expect(await route.orders([renewRequest(vip, six)])).toEqual([null]);
  expect(await ours(route)).toEqual(['192.0.2.10']);
  kernel.remove('192.0.2.10');
  kernel.add('192.0.2.10');
  expect(await ours(route)).toEqual([]);
});

it('after a restart it is what a guard has kept, and nothing else', async () => {
  const { kernel, route } = setUp();
  await addAddresses(route, [vip], six);
  const marks = new Marks(six);
  const next = marks.before(kernel.route);
  expect(await ours(next)).toEqual([]);
  const { family, address, prefixLength, interfaceIndex } = vip;
  marks.adopt([{ family, address, prefixLength, interfaceIndex }]);
  expect(await ours(next)).toEqual(['192.0.2.10']);
});

it('markedSocket(): only where the kernel forgets', async () => {
  const { route } = new OldKernel();
  expect(await markedSocket(route, '6.18.0', six)).toEqual({ route, marks: null });
  const marked = await markedSocket(route, '5.15.0', six);
  await addAddresses(marked.route, [vip], six);
  expect(await ours(marked.route)).toEqual(['192.0.2.10']);
  expect(await ours(route)).toEqual([]);
});

it.each([
  ['5.18.0', [], true],
  ['6.1.0-13-amd64', [], true],
  ['5.15.0-91-generic', [], false],
  ['4.18.0-513.el8', [], false],
  ['5.14.0-503.el9', [kernelAddress({ address: '127.0.0.1', interfaceIndex: 1, prefixLength: 8, protocol: 1 })], true],
])('keepsProtocol(): %s', (release, present, keeps) => {
  expect(keepsProtocol(release, present)).toBe(keeps);
});
