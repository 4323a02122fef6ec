/** Opens the built-in engine in a thread of its own and speaks for it. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Host, PeerEntry } from '../config/config.ts';
import { payloadBytesMax } from '../membership/bounds.ts';
import type { Evidence } from '../membership/evidence.ts';
import type { Route } from '../membership/peer.ts';
import type { InstantMs, MemberId, ViewId } from '../membership/view.ts';
import { frameVersion } from '../wire/frame.ts';
import { type BuiltInOptions, type FromWorker, ownPaths, type ToWorker, type WorkerData } from './built-in-options.ts';
import type { Channel, ChannelStatus, Obituary, OnChannelEvent } from './channel.ts';
import { ChannelError } from './channel-error.ts';
import { createMainLoopMemory, type Every, MainLoopBeat, ownTimer } from './main-loop.ts';
import { type NameService, systemNames } from './names.ts';
import { PeerSearch } from './peer-search.ts';
import { createEvidenceMemory, EvidenceReader } from './view-evidence.ts';

/** A worker that says goodbye needs 100 ms at most; one that does not end is ended. */
const leaveMs = 1_000;

/** Names that are not looked up by then come later: an agent that starts where no name server answers is not to wait for it. */
const firstNamesMs = 1_000;

/**
 * @param names how peers are looked up
 * @param every for what is done again and again on this thread
 * @throws ChannelError where a path's address and port cannot be bound
 */
export async function openBuiltInChannel(
  options: BuiltInOptions,
  onEvent: OnChannelEvent,
  names: NameService = systemNames,
  every: Every = ownTimer,
): Promise<Channel> {
  const { self, keys, group, heartbeatMs, detectMs, hangMs, port, discovery, hosts, peers, takeover } = options;
  let channel: BuiltInChannel | undefined;
  let peerRoutes: readonly Route[] = [];
  const search = new PeerSearch({
    paths: ownPaths(options),
    port,
    names,
    onRoutes: (routes) => {
      peerRoutes = routes;
      channel?.tellPeers(routes);
    },
  });
  try {
    const looked = search.change(peers);
    if (peers.length > 0) await Promise.race([looked, delay(firstNamesMs)]);
    const mainLoop = createMainLoopMemory();
    const evidence = createEvidenceMemory();
    const workerData: WorkerData = {
      options: { self, keys, group, heartbeatMs, detectMs, hangMs, port, discovery, hosts, peers, takeover },
      peerRoutes,
      mainLoop,
      evidence,
    };
    const worker = new Worker(new URL('./built-in-worker.js', import.meta.url), { workerData, name: 'membership' });
    channel = await opened(worker, search, onEvent, evidence);
    channel.tellPeers(peerRoutes); // they may be others by now
    channel.beat(mainLoop, hangMs, every);
    return channel;
  } catch (error) {
    search.close();
    throw error;
  }
}

type OpenedChannel = {
  readonly worker: Worker;
  readonly search: PeerSearch;
  readonly self: MemberId;
  /** What the thread said before it was open: the first view of one that is alone. */
  readonly early: readonly FromWorker[];
  readonly onEvent: OnChannelEvent;
  readonly evidence: SharedArrayBuffer;
};

class BuiltInChannel implements Channel {
  readonly self: MemberId;
  readonly evidence: Evidence;
  readonly #worker: Worker;
  readonly #search: PeerSearch;
  readonly #onEvent: OnChannelEvent;
  readonly #questions = new Map<number, (status: ChannelStatus) => void>();
  readonly #obituaries = new Map<number, (obituary: readonly Obituary[]) => void>();
  #beat: MainLoopBeat | null = null;
  #lastQuestion = 0;
  /** Of the newest view event: the engine may be ahead by some that are on their way here. */
  #view: ViewId | null = null;
  /** It left, was refused or is lost: an end of the thread is no news any more. */
  #ending = false;

  constructor({ worker, search, self, early, onEvent, evidence }: OpenedChannel) {
    this.self = self;
    this.evidence = new EvidenceReader(evidence, (question) => this.#tell({ kind: 'ask', question }));
    this.#worker = worker;
    this.#search = search;
    this.#onEvent = onEvent;
    const waiting = [...early];
    let caughtUp = false;
    worker.on('message', (message: FromWorker) => {
      if (caughtUp) this.#receive(message);
      else waiting.push(message); // more may come in this very turn of the loop, and must not overtake
    });
    const catchUp = (): void => {
      caughtUp = true;
      for (const message of waiting.splice(0)) this.#receive(message);
    };
    // An end may come in the turn of what led to it: a refusal is no loss.
    const end = (reason: string): void => {
      catchUp();
      this.#lose(reason);
    };
    worker.on('error', (error) => end(`the membership thread failed: ${error.message}`));
    worker.on('exit', () => end('the membership thread ended'));
    setImmediate(catchUp);
  }

  /** Counts from now on, so that the thread knows that this loop runs. */
  beat(mainLoop: SharedArrayBuffer, hangMs: number, every: Every): void {
    this.#beat = new MainLoopBeat(mainLoop, hangMs, every, () => this.#tellSuspension());
  }

  send(...payloads: readonly Uint8Array[]): void {
    const tooLong = payloads.find(({ length }) => length > payloadBytesMax);
    if (tooLong !== undefined) throw new RangeError(`Cannot send ${tooLong.length} bytes: at most 1 MiB`);
    if (this.#view !== null) this.#tell({ kind: 'send', view: this.#view, payloads });
  }

  rekey(keys: readonly Uint8Array[]): void {
    this.#tell({ kind: 'rekey', keys });
  }

  changeHosts(hosts: readonly Host[]): void {
    this.#tell({ kind: 'hosts', hosts });
  }

  changePeers(peers: readonly PeerEntry[]): void {
    void this.#search.change(peers);
  }

  tellPeers(routes: readonly Route[]): void {
    this.#tell({ kind: 'peers', routes });
  }

  spare(members: readonly MemberId[]): void {
    if (this.#view !== null) this.#tell({ kind: 'spare', view: this.#view, members });
  }

  decided(): void {
    this.#tell({ kind: 'decided' });
  }

  /** Answered with an empty one when the thread is gone. */
  status(): Promise<ChannelStatus> {
    if (this.#ending) return Promise.resolve(emptyStatus);
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      this.#tell({ kind: 'status', id });
    });
  }

  /** Empty when the thread is gone: then its silence speaks. */
  obituary(): Promise<readonly Obituary[]> {
    if (this.#ending) return Promise.resolve([]);
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    return new Promise((resolve) => {
      this.#obituaries.set(id, resolve);
      this.#tell({ kind: 'obituary', id });
    });
  }

  async leave(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#search.close();
    const ended = once(this.#worker, 'exit');
    const timer = setTimeout(() => void this.#worker.terminate(), leaveMs);
    this.#tell({ kind: 'leave' });
    await ended;
    clearTimeout(timer);
    this.#beat?.stop();
    this.#answerAll();
  }

  /** The group went on without a loop that hung: what it finds waiting comes after that. */
  #tellSuspension(): void {
    if (this.#beat?.takeSuspension() === true && !this.#ending) this.#onEvent({ kind: 'stalled' }, now());
  }

  #receive(message: FromWorker): void {
    this.#tellSuspension();
    this.#beat?.count();
    switch (message.kind) {
      case 'event':
        if (message.event.kind === 'refused') this.#ending = true;
        if (message.event.kind === 'view') this.#view = message.event.view.id;
        this.#onEvent(message.event, now());
        break;
      case 'status':
        this.#questions.get(message.id)?.(this.#completed(message.status));
        this.#questions.delete(message.id);
        break;
      case 'obituary':
        this.#obituaries.get(message.id)?.(message.obituary);
        this.#obituaries.delete(message.id);
        break;
      case 'opened':
      case 'failed':
        break; // said before this channel was
    }
  }

  #completed(status: ChannelStatus): ChannelStatus {
    return { ...status, notices: [...status.notices, ...this.#search.troubles()] };
  }

  #lose(reason: string): void {
    this.#beat?.stop();
    this.#search.close();
    this.#answerAll();
    if (this.#ending) return;
    this.#ending = true;
    this.#onEvent({ kind: 'lost', reason }, now());
  }

  #answerAll(): void {
    for (const resolve of this.#questions.values()) resolve(emptyStatus);
    this.#questions.clear();
    for (const resolve of this.#obituaries.values()) resolve([]);
    this.#obituaries.clear();
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

const emptyStatus: ChannelStatus = {
  engine: 'built-in',
  level: frameVersion,
  peers: [],
  refused: {},
  refusedFrom: {},
  notices: [],
};

/** The channel listens from the moment it is opened: where the thread ends soon, all that it said comes in one turn. */
function opened(
  worker: Worker,
  search: PeerSearch,
  onEvent: OnChannelEvent,
  evidence: SharedArrayBuffer,
): Promise<BuiltInChannel> {
  const early: FromWorker[] = []; // at most the first view and what is delivered in it
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      worker.off('error', reject);
      worker.off('message', listen);
    };
    const listen = (message: FromWorker): void => {
      if (message.kind === 'opened') {
        finish();
        resolve(new BuiltInChannel({ worker, search, self: message.self, early, onEvent, evidence }));
      } else if (message.kind === 'failed') {
        finish();
        reject(new ChannelError(message.code, message.address, message.port));
      } else early.push(message);
    };
    worker.on('error', reject);
    worker.on('message', listen);
  });
}

function now(): InstantMs {
  return (Number(process.hrtime.bigint()) / 1e6) as InstantMs; // the agent's clock: CLOCK_MONOTONIC in milliseconds
}
