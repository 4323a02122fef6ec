/**
 * Requests to the kernel and what it answers, over one netlink socket that hears nothing else. What the kernel says unasked
 * comes in on another socket: a storm of it may overflow that one, and no answer is lost by it.
 */
import { concatBytes } from '../wire/bytes.ts';
import { decodeMessages, encodeMessage, type NetlinkMessage, netlinkFlags, netlinkTypes } from '../wire/netlink.ts';
import { decodeAnswer } from '../wire/netlink-answer.ts';
import { errnoCode, NetlinkError } from './netlink-error.ts';

export type RouteRequest = {
  /** RTM_* */
  readonly type: number;
  /** Beyond NLM_F_REQUEST, NLM_F_ACK and NLM_F_DUMP: create, exclusive, replace. */
  readonly flags: number;
  readonly body: Uint8Array;
  /** For errors: 'add 192.0.2.10/24 to eth0'. */
  readonly operation: string;
};

export type RouteResult =
  /** With what was asked for, if anything. */
  | { readonly kind: 'done'; readonly messages: readonly NetlinkMessage[] }
  | { readonly kind: 'failed'; readonly error: NetlinkError };

/** An answer to a batch takes about 20 µs a request; this is for a kernel that hangs. */
export const answerDeadlineMs = 5000;

/** Their answers, 768 bytes of kernel memory each, fit into any receive buffer though all fail. */
export const inFlightMax = 128;
/**
 * Answers that are read in the turn in which was asked: netlink has them ready when send() returns, and a turn of a busy main loop is
 * long. One is for a whole datagram; after two of them, some 20 ms, others have their turn. A dump has one for each family, and one for
 * its end, or more where there are more than some hundred addresses.
 */
export const answersAtOnceMax = 2;
export const dumpAnswersAtOnceMax = 4;
/** Dumps that kept changing. Each takes well under a millisecond: more means that something is wrong. */
const dumpAttemptsMax = 10;

/** One datagram: over when all of it is answered. The kernel acknowledges the last one alone, and whatever fails before. */
type Batch = { readonly open: Set<Pending>; readonly last: Pending | null; timer: NodeJS.Timeout | null };

type Pending = {
  readonly sequence: number;
  readonly request: RouteRequest;
  readonly isDump: boolean;
  readonly messages: NetlinkMessage[];
  readonly settle: (result: RouteResult) => void;
  /** null while it waits. */
  batch: Batch | null;
};

export class RouteRequests {
  readonly #send: (datagram: Uint8Array) => void;
  readonly #answered: (answersMax: number) => void;
  /** UNBOUNDED: by the caller, who asks once for each address it has. */
  readonly #waiting: Pending[] = [];
  readonly #inFlight = new Map<number, Pending>();
  #sequence = 0;
  #lastDump: Promise<unknown> = Promise.resolve();
  #closed = false;

  /**
   * @param send one datagram to the kernel, now; throws what the socket throws
   * @param answered gives `receive` what was answered already, at most so many datagrams
   */
  constructor(send: (datagram: Uint8Array) => void, answered: (answersMax: number) => void = () => {}) {
    this.#send = send;
    this.#answered = answered;
  }

  /** In order, many in one system call; one result each, in the same order. */
  async requests(requests: readonly RouteRequest[]): Promise<readonly RouteResult[]> {
    const results = requests.map((request) => this.#enqueue(request, 'one'));
    this.#flush();
    if (requests.length > 0) this.#answered(answersAtOnceMax);
    return Promise.all(results);
  }

  /** All parts of a consistent dump: one that was interrupted is asked for again. The kernel does one at a time per socket. */
  dump(request: RouteRequest): Promise<RouteResult> {
    const dump = this.#lastDump.then(() => this.#dumpUntilConsistent(request));
    this.#lastDump = dump;
    return dump;
  }

  receive(datagram: Uint8Array): void {
    const decoded = decodeMessages(datagram);
    if (decoded.kind === 'refused') return; // whoever waits for it runs into the deadline
    for (const message of decoded.messages) this.#receiveMessage(message);
    // Answers come one by one: a request for each of them would be a system call for each.
    if (this.#inFlight.size <= inFlightMax / 2) this.#flush();
  }

  /** Fails what is still open. */
  close(): void {
    this.#closed = true;
    this.#fail([...this.#inFlight.values(), ...this.#waiting.splice(0)], 'ECANCELED');
  }

  async #dumpUntilConsistent(request: RouteRequest): Promise<RouteResult> {
    for (let attempt = 0; attempt < dumpAttemptsMax; attempt++) {
      const answer = this.#enqueue(request, 'dump');
      this.#flush();
      this.#answered(dumpAnswersAtOnceMax);
      const result = await answer;
      if (result.kind === 'failed') return result;
      if (result.messages.every(({ flags }) => (flags & netlinkFlags.dumpInterrupted) === 0)) {
        return { kind: 'done', messages: result.messages.filter(({ type }) => type !== netlinkTypes.done) };
      }
    }
    return { kind: 'failed', error: new NetlinkError({ operation: request.operation, code: 'EINTR' }) };
  }

  #enqueue(request: RouteRequest, kind: 'one' | 'dump'): Promise<RouteResult> {
    const { operation } = request;
    if (this.#closed) {
      return Promise.resolve({ kind: 'failed', error: new NetlinkError({ operation, code: 'ECANCELED' }) });
    }
    this.#sequence = (this.#sequence + 1) % 0x1_0000_0000;
    const sequence = this.#sequence;
    return new Promise((settle) => {
      this.#waiting.push({ sequence, request, isDump: kind === 'dump', messages: [], settle, batch: null });
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#inFlight.size < inFlightMax) {
      const pending = this.#waiting.splice(0, inFlightMax - this.#inFlight.size);
      for (const each of pending) this.#inFlight.set(each.sequence, each);
      const batch = this.#begin(pending);
      try {
        this.#send(concatBytes(pending.map((each) => encodePending(each, batch))));
      } catch (error) {
        this.#fail(pending, codeOf(error), error);
      }
    }
  }

  #begin(pending: readonly Pending[]): Batch {
    const last = pending.findLast(({ isDump }) => !isDump) ?? null;
    const batch: Batch = { open: new Set(pending), last, timer: null };
    for (const each of pending) each.batch = batch;
    batch.timer = setTimeout(() => {
      this.#fail([...batch.open], 'ETIMEDOUT');
      this.#flush();
    }, answerDeadlineMs).unref();
    return batch;
  }

  /** It is answered, or failed. The last one of a batch ends its deadline, which would hold all of it for 5 s. */
  #over(pending: Pending): void {
    this.#inFlight.delete(pending.sequence);
    const { batch } = pending;
    batch?.open.delete(pending);
    if (batch?.open.size === 0 && batch.timer !== null) clearTimeout(batch.timer);
  }

  #receiveMessage(message: NetlinkMessage): void {
    const pending = this.#inFlight.get(message.sequence);
    if (pending === undefined) return; // answered too late
    if (message.type !== netlinkTypes.error && message.type !== netlinkTypes.done) {
      pending.messages.push(message);
      return;
    }
    const answer = decodeAnswer(message);
    if (answer.kind === 'refused') return;
    if (pending === pending.batch?.last) this.#doneBefore(pending, pending.batch);
    this.#over(pending);
    if (answer.kind === 'done') {
      // NLMSG_DONE counts: it can be the part that says the dump was interrupted.
      const messages = message.type === netlinkTypes.done ? [...pending.messages, message] : pending.messages;
      pending.settle({ kind: 'done', messages });
      return;
    }
    const { errno, text, attributeOffset } = answer;
    const { operation } = pending.request;
    const details = { operation, code: errnoCode(errno), kernelText: text, attributeOffset };
    pending.settle({ kind: 'failed', error: new NetlinkError(details) });
  }

  /** The kernel goes through a datagram in order, and tells of each failure (netlink(7)). */
  #doneBefore(last: Pending, { open }: Batch): void {
    for (const pending of [...open]) {
      if (pending.isDump || pending === last) continue;
      this.#over(pending);
      pending.settle({ kind: 'done', messages: pending.messages });
    }
  }

  #fail(batch: readonly Pending[], code: string, cause?: unknown): void {
    for (const pending of batch) {
      this.#over(pending);
      const error = new NetlinkError({ operation: pending.request.operation, code }, { cause });
      pending.settle({ kind: 'failed', error });
    }
  }
}

function encodePending(pending: Pending, { last }: Batch): Uint8Array {
  const { request, isDump, sequence } = pending;
  const flags = isDump ? netlinkFlags.dump : pending === last ? netlinkFlags.acknowledge : 0;
  return encodeMessage({
    type: request.type,
    flags: netlinkFlags.request | flags | request.flags,
    sequence,
    portId: 0,
    body: request.body,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
