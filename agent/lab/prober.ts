/**
 * A program of its own in the client's namespace: asks every address as a client would, by ICMP echo through the kernel's
 * own routing and neighbour table, and measures what comes back. Commands on standard input, results on standard output.
 */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import native, { type NativeSocket } from '#native';
import { goFirst } from './client-priority.ts';
import { monotonicMs } from './clock.ts';
import { echoReplyType, echoRequest, type Family, icmpProtocol, readReply, setSequence } from './icmp-echo.ts';
import { ProbeMeter } from './probe-meter.ts';
import type { ProberCommand, ProberMessage } from './probe-protocol.ts';
import { Rotation } from './rotation.ts';
import type { TickerData } from './ticker.ts';

const liveIntervalMs = 200;

type Target = {
  readonly family: Family;
  readonly destination: { readonly address: string };
  readonly message: Uint8Array;
  readonly meter: ProbeMeter;
};

type Start = Extract<ProberCommand, { kind: 'start' }>;

let probing: Probing | null = null;
goFirst();
createInterface({ input: process.stdin })
  .on('line', (line) => onCommand(JSON.parse(line) as ProberCommand)) // from our own kind only
  .on('close', () => process.exit());

function onCommand(command: ProberCommand): void {
  switch (command.kind) {
    case 'start':
      probing ??= new Probing(command);
      probing.run();
      say({ kind: 'started' });
      return;
    case 'begin':
      probing?.begin(command.phase, command.atMs);
      return;
    case 'end':
      probing?.end(command.phase, command.atMs);
      return;
    case 'stop':
      process.exit();
  }
}

function say(message: ProberMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

class Probing {
  readonly #targets: readonly Target[];
  readonly #start: Start;
  readonly #run = randomBytes(4).readUInt32BE();
  readonly #sockets = new Map<Family, NativeSocket>();
  /** CPU time at the beginning of each phase. */
  readonly #cpu = new Map<string, { readonly atMs: number; readonly usage: NodeJS.CpuUsage }>();
  /**
   * Some each millisecond: probes of a thousand addresses sent at once would overflow the queues between here and there, and the
   * silence would be the prober's own.
   */
  readonly #rotation: Rotation;
  readonly #tickMs: number;
  #tickedMs = 0;

  constructor(start: Start) {
    this.#start = start;
    const turns = Math.max(1, Math.floor(start.intervalMs));
    this.#rotation = new Rotation(start.addresses.length, turns);
    this.#tickMs = start.intervalMs / turns;
    this.#targets = start.addresses.map((address, index) => {
      const family: Family = isIP(address) === 6 ? 6 : 4;
      const message = echoRequest(family, this.#run, index);
      return { family, destination: { address }, message, meter: new ProbeMeter(address, start.timeoutMs) };
    });
  }

  run(): void {
    for (const family of new Set(this.#targets.map((target) => target.family)))
      this.#sockets.set(family, this.#open(family));
    const workerData: TickerData = { intervalMs: this.#tickMs };
    new Worker(new URL('./ticker.js', import.meta.url), { workerData }).on('message', () => this.#tick());
    setInterval(() => this.#live(), liveIntervalMs);
  }

  begin(phase: string, atMs: number): void {
    this.#cpu.set(phase, { atMs: monotonicMs(), usage: process.cpuUsage() });
    for (const { meter } of this.#targets) meter.begin(phase, atMs);
  }

  end(phase: string, atMs: number): void {
    const cpuShare = this.#cpuShare(phase);
    for (const { meter } of this.#targets) meter.end(phase, atMs);
    setTimeout(() => this.#report(phase, atMs, cpuShare), this.#start.timeoutMs + 50);
  }

  #open(family: Family): NativeSocket {
    return native.openRaw(
      { family, protocol: icmpProtocol[family], types: [echoReplyType[family]] },
      { onMessage: (datagram, from) => this.#onDatagram(family, datagram, from.address), onError: () => {} },
    );
  }

  #onDatagram(family: Family, datagram: Uint8Array, from: string): void {
    const tag = readReply(family, datagram);
    if (tag === null || tag.run !== this.#run) return;
    const target = this.#targets[tag.target];
    if (target?.destination.address === from) target.meter.answered(tag.sequence, monotonicMs());
  }

  /** One probe for every address whose turn it is. Ticks that piled up while this thread slept are left out: sent at once they would measure nothing. */
  #tick(): void {
    const nowMs = monotonicMs();
    if (nowMs - this.#tickedMs < this.#tickMs / 2) return;
    this.#tickedMs = nowMs;
    for (const at of this.#rotation.turn()) {
      const target = this.#targets[at];
      if (target !== undefined) this.#probe(target);
    }
  }

  #probe(target: Target): void {
    setSequence(target.message, target.family, target.meter.nextSequence);
    target.meter.sent(monotonicMs());
    try {
      this.#sockets.get(target.family)?.send(target.message, target.destination);
    } catch {
      // No route, full buffer: nobody will answer it, so it counts as lost.
    }
  }

  #live(): void {
    const atMs = monotonicMs();
    const addresses = this.#targets.map(({ meter }) => {
      meter.settle(atMs);
      return { address: meter.address, ...meter.look(atMs) };
    });
    say({ kind: 'live', atMs, addresses });
  }

  #report(phase: string, endedMs: number, cpuShare: number): void {
    const nowMs = monotonicMs();
    const addresses = this.#targets.flatMap(({ meter }) => meter.report(phase, nowMs) ?? []);
    const beganMs = this.#cpu.get(phase)?.atMs ?? endedMs;
    this.#cpu.delete(phase);
    say({ kind: 'phase', report: { phase, beganMs, endedMs, cpuShare, addresses } });
  }

  #cpuShare(phase: string): number {
    const began = this.#cpu.get(phase);
    if (began === undefined) return 0;
    const { user, system } = process.cpuUsage(began.usage);
    return (user + system) / 1000 / (monotonicMs() - began.atMs);
  }
}
