/**
 * While a member may be gone, the main thread goes before what else the host does: from its first missed heartbeat until a takeover is
 * under way. What it decides and claims then is a few milliseconds of work, in a dozen turns; a busy host makes it wait before each.
 */

/** Below the engine's thread, which must go on in time whatever the main one does. */
export const takeoverPriority = 5;
/** After the patience: for the view, the decision, the claim and its announcements. Then it is an ordinary thread again, whatever it does. */
const takeoverMs = 200;

export class TakeoverPriority {
  readonly #detectMs: number;
  readonly #set: (priority: number) => void;
  #end: NodeJS.Timeout | undefined;
  #suspects = 0;

  /** @param set gives the main thread the real-time priority; 0: none */
  constructor(detectMs: number, set: (priority: number) => void) {
    this.#detectMs = detectMs;
    this.#set = set;
  }

  /** @param count of all members that are suspected now */
  suspect(count: number): void {
    const isNews = count > this.#suspects;
    this.#suspects = count;
    if (count > 0 && !isNews) return;
    clearTimeout(this.#end);
    const wasRaised = this.#end !== undefined;
    this.#end = undefined;
    if (isNews) this.#end = setTimeout(() => this.stop(), this.#detectMs + takeoverMs);
    if (isNews || wasRaised) this.#set(isNews ? takeoverPriority : 0);
  }

  /** The takeover is under way, or the end has come. */
  stop(): void {
    if (this.#end === undefined) return;
    clearTimeout(this.#end);
    this.#end = undefined;
    this.#set(0);
  }
}
