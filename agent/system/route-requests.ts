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
  /** Beyond NLM_F_REQUEST and NLM_F_ACK: create, exclusive, replace. */
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

/** Their acknowledgements, 768 bytes of kernel memory each, fit into any receive buffer. */
export const inFlightMax = 128;
/** Dumps that kept changing. Each takes well under a millisecond: more means that something is wrong. */
const dumpAttemptsMax = 10;

/** One datagram: over when all of it is answered. */
type Batch = { readonly open: Set<Pending>; timer: NodeJS.Timeout | null };

type Pending = {
  readonly sequence: number;
  readonly request: RouteRequest;
  readonly flags: number;
  readonly messages: NetlinkMessage[];
  readonly settle: (result: RouteResult) => void;
  /** null while it waits. */
  batch: Batch | null;
};

export class RouteRequests {
  readonly #send: (datagram: Uint8Array) => void;
  /** UNBOUNDED: by the caller, who asks once for each address it has. */
  readonly #waiting: Pending[] = [];
  readonly #inFlight = new Map<number, Pending>();
  #sequence = 0;
  #lastDump: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param send one datagram to the kernel, now; throws what the socket throws */
  constructor(send: (datagram: Uint8Array) => void) {
    this.#send = send;
  }

  /** In order, many in one system call; one result each, in the same order. */
  async requests(requests: readonly RouteRequest[]): Promise<readonly RouteResult[]> {
    const results = requests.map((request) => this.#enqueue(request, netlinkFlags.acknowledge));
    this.#flush();
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
      const answer = this.#enqueue(request, netlinkFlags.dump);
      this.#flush();
      const result = await answer;
      if (result.kind === 'failed') return result;
      if (result.messages.every(({ flags }) => (flags & netlinkFlags.dumpInterrupted) === 0)) {
        return { kind: 'done', messages: result.messages.filter(({ type }) => type !== netlinkTypes.done) };
      }
    }
    return { kind: 'failed', error: new NetlinkError({ operation: request.operation, code: 'EINTR' }) };
  }

  #enqueue(request: RouteRequest, flags: number): Promise<RouteResult> {
    const { operation } = request;
    if (this.#closed) {
      return Promise.resolve({ kind: 'failed', error: new NetlinkError({ operation, code: 'ECANCELED' }) });
    }
    this.#sequence = (this.#sequence + 1) % 0x1_0000_0000;
    const sequence = this.#sequence;
    return new Promise((settle) => {
      this.#waiting.push({ sequence, request, flags, messages: [], settle, batch: null });
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#inFlight.size < inFlightMax) {
      const batch = this.#waiting.splice(0, inFlightMax - this.#inFlight.size);
      for (const pending of batch) this.#inFlight.set(pending.sequence, pending);
      this.#armDeadline(batch);
      try {
        this.#send(concatBytes(batch.map(encodePending)));
      } catch (error) {
        this.#fail(batch, codeOf(error), error);
      }
    }
  }

  #armDeadline(pending: readonly Pending[]): void {
    const batch: Batch = { open: new Set(pending), timer: null };
    for (const each of pending) each.batch = batch;
    batch.timer = setTimeout(() => {
      this.#fail([...batch.open], 'ETIMEDOUT');
      this.#flush();
    }, answerDeadlineMs).unref();
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

  #fail(batch: readonly Pending[], code: string, cause?: unknown): void {
    for (const pending of batch) {
      this.#over(pending);
      const error = new NetlinkError({ operation: pending.request.operation, code }, { cause });
      pending.settle({ kind: 'failed', error });
    }
  }
}

function encodePending({ request, flags, sequence }: Pending): Uint8Array {
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
