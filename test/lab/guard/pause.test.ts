import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDuration } from '../../../agent/config/duration.ts';
import { monotonicMs } from '../../../agent/lab/clock.ts';
import { spokenFor } from '../../../agent/lab/frames.ts';
import { interfaceName, type LabHost } from '../../../agent/lab/lab.ts';
import { deadlineMs, type GuardedCluster, openGuardedCluster } from './guarded-cluster.ts';

// A host whose processes stood still, and what others took over meanwhile. The client has its MAC for good and asks it all the time, so
// that the wire shows how long it answers for what is another's. docs/guard.md has the figures; this machine is a busy one.
const endMsMax = 250;
/** HOLDFAST_PAUSED=10s for more: here it is longer than an agent may hang. */
const pausedMs = parseDuration(process.env.HOLDFAST_PAUSED ?? '') ?? 1_000;
/** HOLDFAST_PAUSES=10 for more than one. */
const rounds = Number(process.env.HOLDFAST_PAUSES ?? 1);
const testMs = 30_000 + rounds * (pausedMs + 5_000);

let group: GuardedCluster;
let e2: LabHost;

beforeAll(async () => {
  // A machine that is paused does not age its addresses, and this one's kernel runs on.
  group = await openGuardedCluster('lifetime = "never"');
  e2 = group.lab.host('e2');
});

afterAll(async () => group?.dispose());

function heldByE2(): readonly string[] {
  return group.cluster.watch.heldBy('e2').filter((address) => group.addresses.includes(address));
}

async function takenOver(addresses: readonly string[]): Promise<void> {
  const { watch } = group.cluster;
  await watch.until('the others to have all', deadlineMs, () =>
    addresses.every((address) => watch.holders(address).some((name) => name !== 'e2')),
  );
}

/** Whatever is announced, the client sends to e2. */
async function misled(addresses: readonly string[], act: () => Promise<void>): Promise<void> {
  const { namespace } = group.lab.client;
  await namespace.ip(
    addresses.map((it) => `neigh replace ${it} lladdr ${e2.wiring.mac} dev ${interfaceName} nud permanent`),
  );
  await act();
  await namespace.ip(addresses.map((it) => `neigh del ${it} dev ${interfaceName}`));
}

type Ending = {
  /** Until the last frame by which e2 spoke for one of the addresses; 0: there was none. */
  readonly answersMs: number;
  /** Until its kernel had none of them. */
  readonly holdsMs: number;
};

/** From the instant that `goOn` gives. */
async function endingOf(addresses: readonly string[], goOn: () => Promise<number>): Promise<Ending> {
  const { lab, cluster } = group;
  const capture = await lab.captureAll('arp or icmp or icmp6', join(lab.directory, 'pause.pcap'));
  const atMs = await goOn();
  await cluster.covered(deadlineMs);
  await cluster.joined(e2, deadlineMs);
  await capture.stop();
  const spoken = (await lab.frames(capture)).filter(
    (frame) => frame.port === e2.wiring.port && frame.atMs > atMs && addresses.includes(spokenFor(frame) ?? ''),
  );
  const gone = cluster.watch.events.filter(({ host, address }) => host === 'e2' && addresses.includes(address));
  return { answersMs: sinceMs(spoken.at(-1)), holdsMs: sinceMs(gone.at(-1)) };

  function sinceMs(last: { readonly atMs: number } | undefined): number {
    return Math.max(0, (last?.atMs ?? 0) - atMs);
  }
}

describe('a host that stood still', () => {
  it(
    'as a paused machine does, agent and guard, and goes on: it answers for nothing that others have',
    async () => {
      for (let round = 1; round <= rounds; round++) {
        await group.cluster.command(e2, 'balance');
        await group.cluster.covered(deadlineMs);
        const held = heldByE2();
        expect(held.length).toBeGreaterThan(0);
        const pids = [...group.guards(e2), group.cluster.agent(e2).pid];
        await group.cutOff(e2);
        for (const pid of pids) process.kill(pid, 'SIGSTOP');
        await takenOver(held);
        await new Promise((next) => setTimeout(next, pausedMs)); // a pause is a time in which nothing happens
        await misled(held, async () => {
          const { answersMs, holdsMs } = await endingOf(held, async () => {
            await group.lab.unblockAll();
            const atMs = monotonicMs();
            for (const pid of pids) process.kill(pid, 'SIGCONT');
            return atMs;
          });
          console.log(
            `paused for ${pausedMs} ms, it goes on: answers for ${answersMs.toFixed(1)} ms, holds for ${holdsMs.toFixed(1)} ms`,
          );
          expect(Math.max(answersMs, holdsMs)).toBeLessThan(endMsMax);
        });
        expect(heldByE2()).toEqual([]);
      }
    },
    testMs,
  );

  it(
    'its agent alone, and is told to go on: the guard has ended it, and nothing is answered',
    async () => {
      await group.cluster.command(e2, 'balance');
      await group.cluster.covered(deadlineMs);
      const held = heldByE2();
      const agent = group.cluster.agent(e2);
      agent.signal('SIGSTOP');
      await takenOver(held);
      await group.cluster.covered(deadlineMs);
      await new Promise((next) => setTimeout(next, pausedMs)); // likewise
      await misled(held, async () => {
        const { answersMs } = await endingOf(held, async () => {
          agent.signal('SIGCONT');
          const atMs = monotonicMs();
          await group.restart(e2);
          return atMs;
        });
        expect(answersMs).toBe(0);
      });
      expect(await agent.ended).toEqual({ status: null, signal: 'SIGKILL' });
    },
    testMs,
  );
});
