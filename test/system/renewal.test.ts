import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KernelHost, openCable, placed, startKernelHost } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;
let host: KernelHost;

beforeEach(async () => {
  cable = await openCable();
  host = await startKernelHost(cable.a);
});

afterEach(async () => {
  await cable.close();
});

const six = { lifetimeSeconds: 6 } as const;
const sixty = { lifetimeSeconds: 60 } as const;
const vip4 = placed('10.0.0.10', 24);
const other4 = placed('10.0.0.11', 24);
const vip6 = placed('fd00::10', 64);

/** Seconds that are left, by address, as `ip` says. */
async function lifetimes(): Promise<Readonly<Record<string, number>>> {
  const shown = (await host.addressesOf('eth0')).filter(({ dynamic }) => dynamic);
  return Object.fromEntries(shown.map(({ local, valid_life_time }) => [String(local), Number(valid_life_time)]));
}

describe('Renewal', () => {
  it('renew(): sets the lifetimes of thousands, and hears nothing of it', async () => {
    const many = Array.from({ length: 1000 }, (_, at) => placed(`10.0.${8 + (at >> 8)}.${at & 255}`, 16));
    await host.call('add', many, six);
    await host.event('address', ({ value }) => value.address === many.at(-1)?.address); // after the answer: all of them are heard of
    const heard = await host.call('notificationsHeard');
    expect(await host.call('renewHeld', many, sixty, '')).toEqual([]);
    const left = Object.values(await lifetimes());
    expect(left).toHaveLength(1000);
    expect(Math.min(...left)).toBeGreaterThan(50);
    await cable.a.ip(['addr add 10.0.0.99/24 dev eth0']);
    await host.event('address', ({ value }) => value.address === '10.0.0.99'); // what came before it was heard as well
    expect((await host.call('notificationsHeard')) - heard).toBe(1);
  });

  it('renew(): says which is gone, and does not bring it back, whatever the table still has', async () => {
    await host.call('add', [vip4, other4, vip6], six);
    const gone = 'addr del 10.0.0.10/24 dev eth0\naddr del fd00::10/64 dev eth0\n';
    expect(await host.call('renewHeld', [vip4, other4, vip6], sixty, gone)).toMatchObject([
      { kind: 'gone', address: { address: '10.0.0.10' } },
      { kind: 'gone', address: { address: 'fd00::10' } },
    ]);
    expect(Object.keys(await lifetimes())).toEqual(['10.0.0.11']);
    expect((await lifetimes())['10.0.0.11']).toBeGreaterThan(50);
  });

  it('renew(): leaves one that is not ours', async () => {
    await host.call('add', [other4], six);
    await cable.a.ip(['addr add 10.0.0.10/24 dev eth0']);
    await host.event('address', ({ value }) => value.address === '10.0.0.10');
    expect(await host.call('renewHeld', [vip4, other4], sixty, '')).toMatchObject([{ kind: 'address-taken' }]);
    expect(Object.keys(await lifetimes())).toEqual(['10.0.0.11']);
  });

  it("renew(): says in the kernel's words why one is refused", async () => {
    const nowhere = { ...vip4, interfaceIndex: 99 };
    await host.call('add', [other4], six);
    const results = await host.call('renewHeld', [nowhere, other4], sixty, '');
    expect(results).toMatchObject([{ address: { interfaceIndex: 99 } }]);
    expect((await lifetimes())['10.0.0.11']).toBeGreaterThan(50);
  });
});
