/** Whether a contender moves addresses though nobody failed, where the CPU has far more to do than it can. */
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { createLab } from '../../agent/lab/lab.ts';
import { bare, virtualAddresses } from './addresses.ts';
import { allJoined, type Contender } from './contender.ts';

export type FalseAlarms = {
  readonly contender: string;
  readonly seconds: number;
  /** Endless loops that ran meanwhile. */
  readonly loops: number;
  /** How often a kernel got an address. */
  readonly claims: number;
};

const loopsPerCore = 2;
const coverDeadlineMs = 60_000;

export async function measureFalseAlarms(
  contender: Contender,
  addressCount: number,
  seconds: number,
): Promise<FalseAlarms> {
  const lab = await createLab({ hosts: 3 });
  try {
    const addresses = virtualAddresses(addressCount).map(bare);
    const group = await contender.prepare(lab, virtualAddresses(addressCount));
    await group.startAll();
    await allJoined(lab, group);
    await group.watch.until('every address to be held', coverDeadlineMs, () =>
      addresses.every((address) => group.watch.holders(address).length === 1),
    );
    await pause(2_000);
    await group.watch.sync();
    const known = new Set(addresses);
    const before = group.watch.events.length;
    const loops = loopsPerCore * availableParallelism();
    const running = Array.from({ length: loops }, (_, index) =>
      lab.client.namespace.spawn(['sh', '-c', 'while :; do :; done'], { name: `loop-${index}` }),
    );
    await pause(seconds * 1000);
    for (const loop of await Promise.all(running)) loop.signal('SIGKILL');
    await pause(1_000);
    await group.watch.sync();
    const later = group.watch.events.slice(before);
    const claims = later.filter(({ kind, address }) => kind === 'held' && known.has(address)).length;
    return { contender: contender.name, seconds, loops, claims };
  } finally {
    await lab.dispose();
  }
}
