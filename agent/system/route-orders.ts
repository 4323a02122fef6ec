/**
 * Orders to the kernel of which only a failure matters, thousands at a time: the last one of a datagram is acknowledged, the others answer
 * where they fail. The kernel carries out a datagram in order and reports each failure (netlink(7)), so that says as much.
 */
import { concatBytes } from '../wire/bytes.ts';
import { decodeMessages, encodeMessage, netlinkFlags, netlinkTypes } from '../wire/netlink.ts';
import { decodeAnswer } from '../wire/netlink-answer.ts';
import { errnoCode, NetlinkError } from './netlink-error.ts';
import { answerDeadlineMs, inFlightMax, type RouteRequest } from './route-requests.ts';

/** One datagram that is under way. */
type Batch = {
  readonly requests: readonly RouteRequest[];
  readonly firstSequence: number;
  /** By place; none: done. */
  readonly failures: Map<number, NetlinkError>;
  readonly settle: () => void;
};

export class RouteOrders {
  readonly #send: (datagram: Uint8Array) => void;
  #sequence = 0;
  #batch: Batch | null = null;
  /** UNBOUNDED: by the caller, who waits for one renewal before the next. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param send one datagram to the kernel, now; throws what the socket throws */
  constructor(send: (datagram: Uint8Array) => void) {
    this.#send = send;
  }

  /** In order, many in one system call. For each null, or why not. */
  orders(requests: readonly RouteRequest[]): Promise<readonly (NetlinkError | null)[]> {
    const results = this.#last.then(() => this.#orderAll(requests));
    this.#last = results;
    return results;
  }

  receive(datagram: Uint8Array): void {
    const decoded = decodeMessages(datagram);
    const batch = this.#batch;
    if (decoded.kind === 'refused' || batch === null) return;
    for (const message of decoded.messages) {
      const at = message.sequence - batch.firstSequence;
      const answer = message.type === netlinkTypes.error ? decodeAnswer(message) : null;
      const request = batch.requests[at];
      if (answer === null || answer.kind === 'refused' || request === undefined) continue; // of an earlier one
      if (answer.kind === 'failed') {
        const { errno, text, attributeOffset } = answer;
        const { operation } = request;
        batch.failures.set(
          at,
          new NetlinkError({ operation, code: errnoCode(errno), kernelText: text, attributeOffset }),
        );
      }
      if (at === batch.requests.length - 1) batch.settle();
    }
  }

  /** What is still open fails. */
  close(): void {
    this.#closed = true;
    if (this.#batch !== null) this.#fail(this.#batch, 'ECANCELED');
  }

  async #orderAll(requests: readonly RouteRequest[]): Promise<readonly (NetlinkError | null)[]> {
    const results: (NetlinkError | null)[] = [];
    for (let at = 0; at < requests.length; at += inFlightMax) {
      const some = requests.slice(at, at + inFlightMax);
      const failures = await this.#order(some);
      results.push(...some.map((_, place) => failures.get(place) ?? null));
    }
    return results;
  }

  #order(requests: readonly RouteRequest[]): Promise<ReadonlyMap<number, NetlinkError>> {
    if (this.#sequence + requests.length >= 0x1_0000_0000) this.#sequence = 0;
    const firstSequence = this.#sequence + 1;
    this.#sequence += requests.length;
    const failures = new Map<number, NetlinkError>();
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#batch = null;
        resolve(failures);
      };
      const batch: Batch = { requests, firstSequence, failures, settle };
      const timer = setTimeout(() => this.#fail(batch, 'ETIMEDOUT'), answerDeadlineMs).unref();
      this.#batch = batch;
      if (this.#closed) return this.#fail(batch, 'ECANCELED');
      try {
        this.#send(encodeBatch(requests, firstSequence));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
        this.#fail(batch, code, error);
      }
    });
  }

  #fail({ requests, failures, settle }: Batch, code: string, cause?: unknown): void {
    for (const [at, { operation }] of requests.entries()) {
      if (!failures.has(at)) failures.set(at, new NetlinkError({ operation, code }, { cause }));
    }
    settle();
  }
}

function encodeBatch(requests: readonly RouteRequest[], firstSequence: number): Uint8Array {
  return concatBytes(
    requests.map(({ type, flags, body }, at) => {
      const acknowledge = at === requests.length - 1 ? netlinkFlags.acknowledge : 0;
      return encodeMessage({
        ...{ type, body, portId: 0, sequence: firstSequence + at },
        flags: netlinkFlags.request | acknowledge | flags,
      });
    }),
  );
}
