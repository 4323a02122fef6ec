/**
 * While a member may be gone, or two sides have met, the main thread goes before what else the host does: from its first missed heartbeat
 * until a takeover is under way, from the view that joins them until what both held is with one. What it decides, claims and gives up
 * then is a few milliseconds of work, in a dozen turns; a busy host makes it wait before each.
 */

/** Below the engine's thread, which must go on in time whatever the main one does. */
export const takeoverPriority = 5;
/** After the patience: for the view, the decision, the claim and its announcements. Then it is an ordinary thread again, whatever it does. */
const takeoverMs = 200;
/** For reports, the decision, announcements, and releases after them: 50 ms are promised, a thousand addresses take longer. */
export const mergeMs = 150;

export class TakeoverPriority {
  readonly #detectMs: number;
  readonly #set: (priority: number) => void;
  #takeoverEnd: NodeJS.Timeout | undefined;
  #mergeEnd: NodeJS.Timeout | undefined;
  #suspects = 0;
  #raised = false;

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
    clearTimeout(this.#takeoverEnd);
    this.#takeoverEnd = isNews ? setTimeout(() => this.decided(), this.#detectMs + takeoverMs) : undefined;
    this.#apply();
  }

  /** A view joins this member's side with another. */
  merge(): void {
    clearTimeout(this.#mergeEnd);
    this.#mergeEnd = setTimeout(() => {
      this.#mergeEnd = undefined;
      this.#apply();
    }, mergeMs);
    this.#apply();
  }

  /** A takeover is under way. What follows a merge begins with a decision. */
  decided(): void {
    clearTimeout(this.#takeoverEnd);
    this.#takeoverEnd = undefined;
    this.#apply();
  }

  /** The end has come. */
  stop(): void {
    clearTimeout(this.#mergeEnd);
    this.#mergeEnd = undefined;
    this.decided();
  }

  #apply(): void {
    const raised = this.#takeoverEnd !== undefined || this.#mergeEnd !== undefined;
    if (raised === this.#raised) return;
    this.#raised = raised;
    this.#set(raised ? takeoverPriority : 0);
  }
}
