/**
 * A program in the client's namespace: asks the service at one address over TCP, by new connections and on one that it keeps,
 * through the client's own kernel with its own timers for what is lost. Argument: the address.
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { monotonicMs } from './clock.ts';
import { ProbeMeter } from './probe-meter.ts';
import {
  connectIntervalMs,
  requestIntervalMs,
  type TcpProberCommand,
  type TcpProberMessage,
  tcpPort,
  tcpTimeoutMs,
} from './tcp-protocol.ts';

const phase = 'event';
const sequenceBytes = 4;

function say(message: TcpProberMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

class KeptConnection {
  readonly meter: ProbeMeter;
  broken = 0;
  #socket: Socket | null = null;
  #connected = false;
  #received: Buffer = Buffer.alloc(0);
  readonly #onFirst: () => void;

  constructor(address: string, onFirst: () => void) {
    this.meter = new ProbeMeter(address, tcpTimeoutMs);
    this.#onFirst = onFirst;
  }

  /** Sends a request; where there is no connection it is lost, and a connection is asked for. */
  ask(): void {
    const request = Buffer.alloc(sequenceBytes);
    request.writeUInt32BE(this.meter.nextSequence);
    this.meter.sent(monotonicMs());
    if (this.#connected) this.#socket?.write(request);
    else this.#connect();
  }

  #connect(): void {
    if (this.#socket !== null) return;
    const socket = connect({ host: this.meter.address, port: tcpPort, noDelay: true });
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    socket.on('connect', () => {
      this.#connected = true;
    });
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      if (this.#connected) this.broken += 1;
      this.#connected = false;
      this.#socket = null;
    });
    // The kernel asks again only after a second; somebody who waits for an answer would not be so patient.
    setTimeout(() => {
      if (socket.connecting) socket.destroy();
    }, connectPatienceMs);
  }

  #onData(bytes: Buffer): void {
    const all = Buffer.concat([this.#received, bytes]);
    const whole = all.length - (all.length % sequenceBytes);
    for (let at = 0; at < whole; at += sequenceBytes) this.meter.answered(all.readUInt32BE(at), monotonicMs());
    this.#received = all.subarray(whole);
    this.#onFirst();
  }
}

const connectPatienceMs = 100;

/** One new connection, closed by a reset as soon as it has answered, so that none lingers. */
function probeConnection(meter: ProbeMeter): void {
  const sequence = meter.nextSequence;
  meter.sent(monotonicMs());
  const socket = connect({ host: meter.address, port: tcpPort, noDelay: true });
  const late = setTimeout(() => socket.destroy(), tcpTimeoutMs);
  socket.on('connect', () => socket.write('?'));
  socket.on('data', () => {
    meter.answered(sequence, monotonicMs());
    socket.resetAndDestroy();
  });
  socket.on('error', () => {}); // refused, reset, no route: not answered
  socket.on('close', () => clearTimeout(late));
}

const [address = ''] = process.argv.slice(2);
let started = false;
const kept = new KeptConnection(address, () => {
  if (!started) say({ kind: 'started' });
  started = true;
});
const connections = new ProbeMeter(address, tcpTimeoutMs);
setInterval(() => kept.ask(), requestIntervalMs);
setInterval(() => probeConnection(connections), connectIntervalMs);
createInterface({ input: process.stdin })
  .on('line', (line) => onCommand(JSON.parse(line) as TcpProberCommand)) // from our own kind only
  .on('close', () => process.exit());

function onCommand(command: TcpProberCommand): void {
  switch (command.kind) {
    case 'begin':
      kept.broken = 0;
      for (const meter of [kept.meter, connections]) meter.begin(phase, command.atMs);
      return;
    case 'end': {
      const { broken } = kept;
      for (const meter of [kept.meter, connections]) meter.end(phase, command.atMs);
      setTimeout(() => report(broken), tcpTimeoutMs + 50);
    }
  }
}

function report(broken: number): void {
  const nowMs = monotonicMs();
  const [asked, made] = [kept.meter.report(phase, nowMs), connections.report(phase, nowMs)];
  if (asked !== null && made !== null) say({ kind: 'report', report: { requests: asked, connections: made, broken } });
}
