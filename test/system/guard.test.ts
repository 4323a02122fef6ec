import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { within } from '../../agent/lab/deadline.ts';
import type { LabProcess } from '../../agent/lab/process.ts';
import type { PlacedAddress } from '../../agent/system/address-requests.ts';
import { Guard } from '../../agent/system/guard.ts';
import { release, takeOver } from '../../agent/system/guard-door.ts';
import { type KernelHost, openCable, placed, startKernelHost } from './kernel-host.ts';

const deadlineMs = 10_000;
/** How late the kernel removes an address whose lifetime has ended. */
const lifetimeLateMs = 1_250;
/** Several times what an agent may hang. */
const starvedMs = 2_000;
const script = fileURLToPath(new URL('fixtures/guarded-agent.mjs', import.meta.url));
const withoutDescriptors = fileURLToPath(new URL('fixtures/guard-without-descriptors.mjs', import.meta.url));
const endedEarly = fileURLToPath(new URL('fixtures/guard-ended-early.mjs', import.meta.url));

let cable: Awaited<ReturnType<typeof openCable>>;
let here: KernelHost;
let other: KernelHost;
let directory: string;

beforeEach(async () => {
  cable = await openCable();
  [here, other] = await Promise.all([startKernelHost(cable.a), startKernelHost(cable.b)]);
  directory = mkdtempSync(join(tmpdir(), 'holdfast-guard-'));
});

afterEach(async () => {
  await cable.close();
  rmSync(directory, { recursive: true, force: true });
});

type Started = {
  readonly agent: LabProcess;
  readonly guardPid: number;
  said(): string;
  /** The next line of its output. */
  line(): Promise<string>;
};

async function startAgent(addresses: readonly PlacedAddress[], lifetimeSeconds = 60, mode = ''): Promise<Started> {
  const argv = [process.execPath, script, directory, JSON.stringify(addresses), String(lifetimeSeconds), mode];
  const agent = await cable.a.open(argv);
  let said = '';
  agent.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  if (agent.child.stdout === null) throw new Error('its output is piped');
  const lines = createInterface({ input: agent.child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => (await lines.next()).value ?? 'its output has ended';
  return { agent, guardPid: Number(await line()), said: () => said, line };
}

async function killed(started: Started): Promise<void> {
  started.agent.signal('SIGKILL');
  await started.agent.ended;
}

async function present(): Promise<readonly unknown[]> {
  return (await here.addressesOf('eth0')).map(({ local }) => local);
}

/** The kernel tells of every removal. */
const removed = (address: string) =>
  here.event('address', (change) => change.kind === 'removed' && change.value.address === address);

function ended(pid: number): Promise<void> {
  const look = async (): Promise<void> => {
    while (existsSync(`/proc/${pid}/fd/0`)) await new Promise((next) => setTimeout(next, 10));
  };
  return within(deadlineMs, 'the guard to end', look());
}

describe('the guard', () => {
  it('removes an address when another host announces it, and ends with the last; what is not ours stays', async () => {
    const [four, six] = [placed('10.0.0.50', 24), placed('fd00::50', 64)];
    const started = await startAgent([four, six]);
    await killed(started);
    const link = await other.linkNamed('eth0');
    await other.call('announce', link, [{ family: 4, address: '10.0.0.50' }]);
    await removed('10.0.0.50');
    expect(await present()).toEqual(['10.0.0.1', 'fd00::50', 'fd00::1']);
    await other.call('announce', link, [
      { family: 4, address: '10.0.0.1' },
      { family: 6, address: 'fd00::50' },
    ]);
    await removed('fd00::50');
    await ended(started.guardPid);
    expect(await present()).toEqual(['10.0.0.1', 'fd00::1']);
  });

  it('is not misled by a probe for the address, nor by announcements while the agent lives', async () => {
    const started = await startAgent([placed('10.0.0.50', 24)]);
    const link = await other.linkNamed('eth0');
    await other.call('announce', link, [{ family: 4, address: '10.0.0.50' }]);
    expect(started.agent.running).toBe(true);
    expect(await takeOver(directory)).toEqual({ kind: 'busy' });
    expect(await present()).toContain('10.0.0.50');
    // The agent has shown itself since: what was announced before was its business.
    await within(deadlineMs, 'two signs of the main loop', new Promise((next) => setTimeout(next, 250)));
    await killed(started);
    await other.call('probe', link, { family: 4, address: '10.0.0.50' }, 100);
    expect(await present()).toContain('10.0.0.50');
    expect(await release(directory)).toEqual({ kind: 'done', value: 1 });
  });

  it('takes no sibling along with a primary, promote_secondaries = 0', async () => {
    await cable.a.ip(['addr flush dev eth0 scope global']);
    const started = await startAgent([placed('10.9.0.1', 24), placed('10.9.0.2', 24)]);
    await cable.a.ip(['addr add 10.9.0.3/24 dev eth0']);
    await killed(started);
    await other.call('announce', await other.linkNamed('eth0'), [{ family: 4, address: '10.9.0.1' }]);
    await removed('10.9.0.1');
    expect([...(await present())].sort()).toEqual(['10.9.0.2', '10.9.0.3']);
    expect(await release(directory)).toEqual({ kind: 'done', value: 1 });
    expect(await present()).toEqual(['10.9.0.3']);
  });

  it('takes none along, however many they are: more than go into one system call', async () => {
    await cable.a.ip(['addr flush dev eth0 scope global']);
    const started = await startAgent([placed('10.9.0.1', 24)]);
    const siblings = Array.from({ length: 200 }, (_, at) => `10.9.0.${at + 2}`);
    await cable.a.ip(siblings.map((address) => `addr add ${address}/24 dev eth0`));
    await killed(started);
    await other.call('announce', await other.linkNamed('eth0'), [{ family: 4, address: '10.9.0.1' }]);
    await ended(started.guardPid);
    expect(await present()).toEqual(siblings);
  });

  it('hands over what is there, once, and leaves it in the kernel', async () => {
    const started = await startAgent([placed('10.0.0.50', 24)]);
    await killed(started);
    expect(await takeOver(directory)).toMatchObject({
      kind: 'done',
      value: [{ family: 4, address: '10.0.0.50', prefixLength: 24, interfaceIndex: 2 }],
    });
    await ended(started.guardPid);
    expect(await present()).toContain('10.0.0.50');
    expect(await takeOver(directory)).toEqual({ kind: 'no-guard' });
  });

  it('renews what is there, and never makes anew what something else removed', async () => {
    const lifetimeSeconds = 2;
    const started = await startAgent([placed('10.0.0.50', 24), placed('fd00::50', 64)], lifetimeSeconds);
    await killed(started);
    await cable.a.ip(['addr del 10.0.0.50/24 dev eth0']);
    await removed('10.0.0.50');
    // Longer than the kernel keeps what is not renewed: what is shown is that nothing happens.
    await new Promise((next) => setTimeout(next, lifetimeSeconds * 1000 + lifetimeLateMs));
    expect(await present()).toEqual(['10.0.0.1', 'fd00::50', 'fd00::1']);
    expect(await release(directory)).toEqual({ kind: 'done', value: 1 });
  });

  it('goes on with the fence of the one before it, whatever signs the agents give that die one after the other', async () => {
    const [fenceMs, agents] = [20_000, 2];
    /** From an agent that knows what is left to its guard; less than one sign of it would add. */
    const lateMsMax = 100;
    const vip = placed('10.0.0.50', 24);
    let started = await startAgent([{ ...vip, fenceMs } as PlacedAddress]);
    await killed(started);
    const sinceMs = monotonicMs();
    for (let number = 0; number < agents; number++) {
      const now = monotonicMs();
      const taken = await takeOver(directory);
      const [left] = taken.kind === 'done' ? taken.value : [];
      expect(left?.fenceMs).toBeLessThan(fenceMs - (now - sinceMs) + number * lateMsMax + 1);
      started = await startAgent([{ ...vip, until: now + (left?.fenceMs ?? 0) } as PlacedAddress]);
      await new Promise((next) => setTimeout(next, 250)); // some signs of its main loop, which count for nothing
      await killed(started);
    }
    expect(await present()).toContain(vip.address);
    expect(await takeOver(directory)).toMatchObject({ kind: 'done' });
    started = await startAgent([{ ...vip, until: monotonicMs() } as PlacedAddress]);
    await killed(started);
    await removed(vip.address);
    await ended(started.guardPid);
    expect(started.said()).toMatch(/10\.0\.0\.50\/24.* is removed: without an agent nobody here knows/);
  });

  it('reads what its agent told it to the end, when the agent is dead already', async () => {
    const addresses = Array.from({ length: 200 }, (_, at) => placed(`10.0.0.${50 + at}`, 24));
    const started = await startAgent(addresses, 60, 'unread');
    await killed(started);
    expect(started.said()).toBe(''); // it did not wait for an answer
    process.kill(started.guardPid, 'SIGCONT');
    const result = await takeOver(directory);
    expect(result.kind === 'done' ? result.value.map(({ address }) => address).sort() : result).toEqual(
      addresses.map(({ address }) => address).sort(),
    );
  });

  it('renews an IPv6 address as what it is: the host goes on speaking from its preferred source only', async () => {
    const preferred = { ...placed('fd00::51', 64), preferredSource: true as const };
    await killed(await startAgent([placed('fd00::50', 64), preferred]));
    expect(await takeOver(directory)).toMatchObject({
      kind: 'done',
      value: [
        { address: 'fd00::50', preferred: false },
        { address: 'fd00::51', preferred: true },
      ],
    });
    const lifetimes = new Map((await here.addressesOf('eth0')).map((each) => [each.local, each.preferred_life_time]));
    expect(lifetimes.get('fd00::50')).toBe(0);
    expect(lifetimes.get('fd00::51')).toBeGreaterThan(0);
  });

  it('kills an agent that is stopped, and says why', async () => {
    const started = await startAgent([placed('10.0.0.50', 24)]);
    started.agent.signal('SIGSTOP');
    expect(await within(deadlineMs, 'the end of the agent', started.agent.ended)).toMatchObject({ signal: 'SIGKILL' });
    expect(started.said()).toMatch(
      /guard: agent \d+ hangs: no sign of its main loop for \d+ ms, it is stopped: killed/,
    );
    process.kill(started.guardPid, 'SIGTERM'); // on duty that asks for an end
    await removed('10.0.0.50');
    await ended(started.guardPid);
  });

  it('leaves an agent that starts its time', async () => {
    const { agent, line } = await startAgent([placed('10.0.0.50', 24)], 60, 'starting');
    expect(await within(deadlineMs, 'the agent to start', line())).toBe('started');
    agent.child.stdin?.end();
    expect(await agent.ended).toEqual({ status: 0, signal: null });
  });

  it('does not take an agent that gets no processor for one that hangs', async () => {
    const started = await startAgent([placed('10.0.0.50', 24)], 60, 'starved');
    await Promise.race([started.agent.ended, new Promise((next) => setTimeout(next, starvedMs))]); // nothing is to happen
    expect(started.said()).toBe('');
    expect(started.agent.running).toBe(true);
  });

  it('kills an agent in an endless loop, on a busy machine too', async () => {
    const spins = await Promise.all([1, 2, 3, 4].map(() => cable.a.open(['sh', '-c', 'while :; do :; done'])));
    const started = await startAgent([placed('10.0.0.50', 24)], 60, 'loop');
    expect(await within(deadlineMs, 'the end of the agent', started.agent.ended)).toMatchObject({ signal: 'SIGKILL' });
    for (const spin of spins) spin.signal('SIGKILL');
    expect(started.said()).toMatch(/guard: agent \d+ hangs: no sign of its main loop for \d+ ms: killed/);
    expect(await release(directory)).toEqual({ kind: 'done', value: 1 });
  });

  it('ends with its agent, and does not take a signal that was meant for it', async () => {
    const started = await startAgent([]);
    process.kill(started.guardPid, 'SIGTERM');
    expect(await takeOver(directory)).toEqual({ kind: 'busy' });
    started.agent.child.stdin?.end();
    expect(await started.agent.ended).toEqual({ status: 0, signal: null });
    expect(existsSync(`/proc/${started.guardPid}/fd/0`)).toBe(false);
  });

  it('ends with an agent that ends while it starts', async () => {
    expect(await cable.a.run([process.execPath, endedEarly, directory])).toBe('[]');
  });

  it('survives a caller who says nothing or nonsense', async () => {
    const started = await startAgent([placed('10.0.0.50', 24)]);
    await killed(started);
    for (const question of ['', 'x', 'nonsense']) {
      const socket = connect(join(directory, 'guard.sock'));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket
        .on('error', () => {})
        .resume()
        .end(question);
      await within(deadlineMs, 'the guard to hang up', closed);
    }
    expect(await release(directory)).toEqual({ kind: 'done', value: 1 });
  });

  it('start(): without a descriptor it is said that there is no guard, and it is tried again', async () => {
    const argv = ['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, withoutDescriptors, directory];
    const run = cable.a.run(argv);
    const said = JSON.parse(await within(deadlineMs, 'a guard in the end', run));
    expect(said).toEqual([
      expect.stringMatching(
        /^the guard cannot be started: spawn .* EMFILE; without it the addresses of a killed agent/,
      ),
    ]);
  });

  it('start(): where Node refuses to start a process, it is said that there is no guard', async () => {
    const said: string[] = [];
    const nowhere = `${directory}\0`; // in an argument it is thrown, as a lack of memory is
    const onTrouble = (message: string) => void said.push(message);
    const guard = new Guard({ directory: nowhere, lifetimeSeconds: 60, detectMs: 300, hangMs: 500, onTrouble });
    await guard.start();
    expect(said).toEqual([expect.stringContaining('the guard cannot be started: ')]);
    await guard.end();
  });
});
