import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../../agent/lab/probe-client.ts';

// What others do to a host's addresses, with the tools they do it with; told from the kernels' side and from the client's.
const deadlineMs = 15_000;
/** From the flush until the last address is back: a client hardly notices. */
const flushMsMax = 100;

let lab: Lab;
let cluster: Cluster;
let probing: Probing;
let e1: LabHost;
let e2: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  [e1, e2] = [lab.host('e1'), lab.host('e2')];
  cluster = await makeCluster(lab, {
    sets:
      '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.106"\nprefix = 24\n' +
      '[set.own]\ninterface = "eth0"\naddresses = ["10.77.0.150/24"]\nprefer = ["e1"]\n' +
      '[set.six]\ninterface = "eth0"\naddresses = ["fd77::101/64", "10.77.0.107/24"]\nprefer = ["e1"]\n',
  });
  // An administrator's, on the host that should have it, with another prefix length: to the kernel another address.
  await e1.namespace.ip(['addr add 10.77.0.150/32 dev lo']);
  await Promise.all([e1, e2].map((host) => cluster.start(host)));
  await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
  // Two hosts answer for the administrator's own.
  const addresses = cluster.sets.flatMap((set) => (set.name === 'own' ? [] : set.addresses.map((it) => it.address)));
  probing = await startProbing(lab.client.namespace, { addresses });
  await probing.allAnswering(deadlineMs);
});

afterAll(async () => lab.dispose());

function heldBy(host: LabHost): readonly string[] {
  return cluster.sets.map(({ name }) => name).filter((name) => cluster.holders(setNamed(name)).join() === host.name);
}

function setNamed(name: string): Cluster['sets'][number] {
  const set = cluster.sets.find((each) => each.name === name);
  if (set === undefined) throw new RangeError(name);
  return set;
}

/** One of the pool's sets that the host holds. */
function webOn(host: LabHost): { readonly name: string; readonly address: string } {
  const [name = ''] = heldBy(host).filter((each) => each.startsWith('web'));
  return { name, address: setNamed(name).addresses[0]?.address ?? '' };
}

/** What changed of the addresses on a host since `fromMs`, as its kernel told it. */
function changes(host: LabHost, fromMs: number) {
  return cluster.watch.events.filter((event) => event.host === host.name && event.atMs >= fromMs);
}

describe('an address that somebody else put there', () => {
  it('is left alone; its set goes to another host, and the status says why', async () => {
    expect(cluster.holders(setNamed('own'))).toEqual(['e2']);
    expect(await e1.namespace.run(['ip', '-br', 'addr', 'show', 'dev', 'lo'])).toContain('10.77.0.150/32');
    const { sets } = await cluster.status(e2);
    expect(cluster.log(e1)).toContain(
      'Cannot add 10.77.0.150/24 to eth0: it is there already, as 10.77.0.150/32 on lo',
    );
    expect(sets.find(({ name }) => name === 'own')?.owner).toBe('e2');
    expect(heldBy(e1)).toContain('six');
  });
});

describe('ip addr flush', () => {
  it('all of ours are back within 100 ms, and no other set is disturbed', async () => {
    const before = heldBy(e1);
    const ours = before.flatMap((name) => setNamed(name).addresses.map(({ address }) => address as string));
    expect(ours.length).toBeGreaterThanOrEqual(4);
    probing.begin('flush');
    const fromMs = monotonicMs();
    // The host's own are its path to the others: a host without them has left the group, whoever took them.
    await e1.namespace.ip([
      'addr flush dev eth0 scope global',
      'addr add 10.77.0.1/24 brd + dev eth0',
      'addr add fd77::1/64 dev eth0 nodad',
    ]);
    const times = (kind: 'gone' | 'held') =>
      ours.map((address) => {
        const told = changes(e1, fromMs).filter((it) => it.kind === kind && it.address === address);
        return Math.min(...told.map(({ atMs }) => atMs));
      });
    await cluster.watch.until('each to go and come back', deadlineMs, () =>
      [...times('gone'), ...times('held')].every(Number.isFinite),
    );
    expect(Math.max(...times('held')) - Math.min(...times('gone'))).toBeLessThan(flushMsMax);
    expect(heldBy(e1)).toEqual(before);
    expect(changes(e2, fromMs)).toEqual([]);
    const report = await probing.end('flush');
    const others = report.addresses.filter(({ address }) => !ours.includes(address));
    expect(others.length).toBeGreaterThan(0);
    expect(others.map(({ lost }) => lost)).toEqual(others.map(() => 0));
    const { events } = await cluster.status(e1);
    expect(events.map(({ text }) => text)).toContainEqual(expect.stringMatching(/removed from eth0 by something else/));
  });

  it('one address that is removed comes back in milliseconds; the others see nothing', async () => {
    const { address } = webOn(e1);
    const fromMs = monotonicMs();
    await e1.namespace.ip([`addr del ${address}/24 dev eth0`]);
    await cluster.watch.until('it to be back', deadlineMs, () =>
      changes(e1, fromMs).some((it) => it.kind === 'held' && it.address === address),
    );
    const told = changes(e1, fromMs);
    expect(told.map((it) => `${it.kind} ${it.address}`)).toEqual([`gone ${address}`, `held ${address}`]);
    const [gone, back] = told;
    expect((back?.atMs ?? 0) - (gone?.atMs ?? 0)).toBeLessThan(flushMsMax);
  });

  it('one that is removed again and again is put back at a bounded rate, and the status says so', async () => {
    const { name, address } = webOn(e1);
    const fromMs = monotonicMs();
    const back = () => changes(e1, fromMs).filter((it) => it.kind === 'held' && it.address === address).length;
    for (let n = 1; n <= 6; n++) {
      if (!cluster.watch.holders(address).includes('e1')) break;
      await e1.namespace.ip([`addr del ${address}/24 dev eth0`]);
      if (n < 5) await cluster.watch.until('it to be back', deadlineMs, () => back() >= n);
    }
    const problem = async () => (await cluster.status(e1)).sets.find((set) => set.name === name)?.problem;
    expect(await problem()).toMatch(/something keeps removing/);
    expect(await cluster.command(e1, 'status')).toMatchObject({
      stdout: expect.stringContaining('something keeps removing'),
    });
    await cluster.watch.until('it to be back', deadlineMs, () => cluster.watch.holders(address).includes('e1'));
    expect(back()).toBeLessThanOrEqual(7);
  });

  it('an address of ours that becomes theirs is left to them; another host gets the set', async () => {
    const { name, address } = webOn(e1);
    await e1.namespace.ip([`addr del ${address}/24 dev eth0`, `addr add ${address}/24 dev eth0`]);
    await cluster.watch.until('e2 to have it', deadlineMs, () => cluster.holders(setNamed(name)).includes('e2'));
    const [link] = JSON.parse(await e1.namespace.run(['ip', '-j', 'addr', 'show', 'dev', 'eth0']));
    expect(link.addr_info.find(({ local }: { local: string }) => local === address)).toMatchObject({
      valid_life_time: 0xffffffff,
    });
    await e1.namespace.ip([`addr del ${address}/24 dev eth0`]);
  });
});

describe('an agent that was killed and is started again', () => {
  it('leaves nothing behind, and what an administrator added stays', async () => {
    await e1.namespace.ip(['addr add 10.77.0.99/24 dev eth0']);
    const agent = cluster.agent(e1);
    agent.signal('SIGKILL');
    await agent.ended;
    await cluster.start(e1);
    await cluster.joined(e1, deadlineMs);
    await cluster.covered(deadlineMs);
    expect(cluster.watch.heldBy('e1')).toContain('10.77.0.99');
    expect(await e1.namespace.run(['ip', '-br', 'addr', 'show', 'dev', 'lo'])).toContain('10.77.0.150/32');
  });
});
