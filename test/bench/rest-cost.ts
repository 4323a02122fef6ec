/** What a contender costs where nothing happens: CPU, memory and frames of a host. No prober runs meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { createLab, interfaceName, type LabHost } from '../../agent/lab/lab.ts';
import { bare, virtualAddresses } from './addresses.ts';
import { allJoined, type Contender } from './contender.ts';
import { cpuMsOf, pssMibOf } from './process-cost.ts';
import { type Spread, spreadOf } from './statistics.ts';

export type RestCost = {
  readonly contender: string;
  readonly hosts: number;
  readonly addresses: number;
  /** Between its start and the look. */
  readonly settleSeconds: number;
  readonly seconds: number;
  /** Over the hosts; percent of one core. */
  readonly cpuPercent: Spread;
  readonly pssMib: Spread;
  /** Sent by a host each second. */
  readonly framesPerSecond: Spread;
  readonly bytesPerSecond: Spread;
};

const coverDeadlineMs = 60_000;
/** For what follows a start: announcements repeated after 1.1 and 3 s (keepalived: 5 s), first garbage collections. */
export const settleSeconds = 7;
/** V8 compiles what has run often enough: of what an agent of 20 s costs, one of two minutes costs two thirds. */
export const warmSeconds = 60;

export type RestOptions = {
  readonly hosts: number;
  readonly addresses: number;
  /** Before it is looked at. */
  readonly settleSeconds: number;
  /** For how long. */
  readonly seconds: number;
};

export async function measureRest(contender: Contender, options: RestOptions): Promise<RestCost> {
  const lab = await createLab({ hosts: options.hosts });
  try {
    const addresses = virtualAddresses(options.addresses);
    const group = await contender.prepare(lab, addresses);
    await group.startAll();
    await allJoined(lab, group);
    await group.watch.until('every address to be held', coverDeadlineMs, () =>
      addresses.every((address) => group.watch.holders(bare(address)).length === 1),
    );
    await pause(options.settleSeconds * 1000);
    const look = async (host: LabHost) => ({
      cpuMs: cpuMsOf(group.pids(host)),
      atMs: monotonicMs(),
      sent: await sentBy(host),
    });
    const before = await Promise.all(lab.hosts.map(look));
    await pause(options.seconds * 1000);
    const after = await Promise.all(lab.hosts.map(look));
    const rates = lab.hosts.map((host, index) => {
      const [then, now] = [before[index], after[index]];
      if (then === undefined || now === undefined) throw new RangeError(`${host.name} was not looked at`);
      const seconds = (now.atMs - then.atMs) / 1000;
      return {
        cpuPercent: (now.cpuMs - then.cpuMs) / seconds / 10,
        frames: (now.sent.packets - then.sent.packets) / seconds,
        bytes: (now.sent.bytes - then.sent.bytes) / seconds,
      };
    });
    return {
      ...options,
      contender: contender.name,
      cpuPercent: spreadOf(rates.map((rate) => rate.cpuPercent)),
      pssMib: spreadOf(lab.hosts.map((host) => pssMibOf(group.pids(host)))),
      framesPerSecond: spreadOf(rates.map((rate) => rate.frames)),
      bytesPerSecond: spreadOf(rates.map((rate) => rate.bytes)),
    };
  } finally {
    await lab.dispose();
  }
}

type Counters = { readonly packets: number; readonly bytes: number };

async function sentBy(host: LabHost): Promise<Counters> {
  const text = await host.namespace.run(['ip', '-j', '-s', 'link', 'show', interfaceName]);
  const [link] = JSON.parse(text) as readonly { readonly stats64: { readonly tx: Counters } }[]; // iproute2's own form
  if (link === undefined) throw new Error(`${host.name} has no ${interfaceName}`);
  return link.stats64.tx;
}
