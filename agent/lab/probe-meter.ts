/**
 * What a client sees of one address, from the probes sent to it and the answers to them. Pure: instants are passed in.
 *
 * A silence begins when a probe is sent that is newer than the newest answered one, and ends with the answer to it or to a
 * later one: the time for which somebody was waiting in vain. So it includes a queue in front of an unresolved
 * neighbour, needs no guess about the usual interval, and does not count a prober that slept and sent nothing. Rejected: the time between
 * two answers (one interval too long, and blames the network for a prober's pause); lost probes times the interval
 * (blind to answers that come late).
 */
import { type AddressReport, type Outage, outageMsMin, outagesMax } from './probe-protocol.ts';

/** Probes that may be on their way: at 1 kHz and a timeout of 1 s a thousand are. A power of two. */
const ringLength = 16_384;

const notSent = -1;

type Phase = { readonly name: string; readonly beganMs: number; endedMs: number | null };

type Tally = { sent: number; lost: number; longestSilenceMs: number; outages: Outage[] };

export class ProbeMeter {
  readonly address: string;
  readonly #timeoutMs: number;
  /** Send time by sequence number modulo the length. */
  readonly #sentMs = new Float64Array(ringLength).fill(notSent);
  /** 1 where the answer came in time. */
  readonly #answered = new Uint8Array(ringLength);
  #nextSequence = 0;
  #newestAnswered = -1;
  /** First probe whose fate is not known. */
  #oldestOpen = 0;
  #answersSinceLook = 0;
  /** Bounded by the phases the caller has not had reported. */
  readonly #phases = new Map<string, { readonly phase: Phase; readonly tally: Tally }>();

  constructor(address: string, timeoutMs: number) {
    this.address = address;
    this.#timeoutMs = timeoutMs;
  }

  /** The sequence number of the next probe. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** The next probe was sent (or could not be: then nobody answers it). */
  sent(nowMs: number): void {
    if (this.#nextSequence - this.#oldestOpen >= ringLength) this.#closeOldest();
    const slot = this.#nextSequence % ringLength;
    this.#sentMs[slot] = nowMs;
    this.#answered[slot] = 0;
    this.#nextSequence += 1;
  }

  /** An answer came. A second answer to one probe, and one that is later than the timeout, count for nothing but the end of a silence. */
  answered(sequence: number, nowMs: number): void {
    if (sequence >= this.#nextSequence || sequence < this.#nextSequence - ringLength) return;
    const slot = sequence % ringLength;
    if (sequence >= this.#oldestOpen && nowMs - this.#sentAt(sequence) <= this.#timeoutMs) this.#answered[slot] = 1;
    this.#answersSinceLook += 1;
    if (sequence <= this.#newestAnswered) return;
    this.#silence(this.#sentAt(this.#newestAnswered + 1), nowMs);
    this.#newestAnswered = sequence;
  }

  /** Probes that are past the timeout get their fate. To be called now and then. */
  settle(nowMs: number): void {
    while (this.#oldestOpen < this.#nextSequence && nowMs - this.#sentAt(this.#oldestOpen) > this.#timeoutMs) {
      this.#closeOldest();
    }
  }

  begin(name: string, atMs: number): void {
    const phase: Phase = { name, beganMs: atMs, endedMs: null };
    this.#phases.set(name, { phase, tally: { sent: 0, lost: 0, longestSilenceMs: 0, outages: [] } });
  }

  end(name: string, atMs: number): void {
    const entry = this.#phases.get(name);
    if (entry !== undefined) entry.phase.endedMs = atMs;
  }

  /** To be asked for when the timeout has passed since the end of the phase; the meter forgets the phase. */
  report(name: string, nowMs: number): AddressReport | null {
    this.settle(nowMs);
    const waitingMs = this.#waitingSinceMs();
    if (waitingMs !== null) this.#silence(waitingMs, nowMs);
    const entry = this.#phases.get(name);
    if (entry === undefined || entry.phase.endedMs === null) return null;
    this.#phases.delete(name);
    const { tally, phase } = entry;
    const seconds = (entry.phase.endedMs - phase.beganMs) / 1000;
    const { sent, lost, longestSilenceMs, outages } = tally;
    return { address: this.address, sent, rateHz: seconds > 0 ? sent / seconds : 0, lost, longestSilenceMs, outages };
  }

  /** For a live display: answers since the last look and the silence that goes on. */
  look(nowMs: number): { readonly answered: number; readonly silentMs: number } {
    const answered = this.#answersSinceLook;
    this.#answersSinceLook = 0;
    const waitingMs = this.#waitingSinceMs();
    return { answered, silentMs: waitingMs === null ? 0 : nowMs - waitingMs };
  }

  #sentAt(sequence: number): number {
    return this.#sentMs[sequence % ringLength] ?? notSent;
  }

  /** When the oldest probe that is newer than the newest answered one was sent. */
  #waitingSinceMs(): number | null {
    const first = this.#newestAnswered + 1;
    return first < this.#nextSequence ? this.#sentAt(first) : null;
  }

  #closeOldest(): void {
    const sentMs = this.#sentAt(this.#oldestOpen);
    const lost = this.#answered[this.#oldestOpen % ringLength] === 0;
    for (const { phase, tally } of this.#phases.values()) {
      if (sentMs < phase.beganMs || (phase.endedMs !== null && sentMs >= phase.endedMs)) continue;
      tally.sent += 1;
      if (lost) tally.lost += 1;
    }
    this.#oldestOpen += 1;
  }

  /** Counts in full for every phase that it touches. */
  #silence(fromMs: number, toMs: number): void {
    for (const { phase, tally } of this.#phases.values()) {
      if (toMs < phase.beganMs || (phase.endedMs !== null && fromMs >= phase.endedMs)) continue;
      tally.longestSilenceMs = Math.max(tally.longestSilenceMs, toMs - fromMs);
      if (toMs - fromMs < outageMsMin) continue;
      const last = tally.outages.at(-1);
      // A burst of late answers ends one outage many times.
      if (last !== undefined && fromMs <= last.toMs) {
        tally.outages[tally.outages.length - 1] = { fromMs: Math.min(last.fromMs, fromMs), toMs };
      } else if (tally.outages.length < outagesMax) {
        tally.outages.push({ fromMs, toMs });
      }
    }
  }
}
