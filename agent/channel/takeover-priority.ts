/**
 * While a member may be gone, or two may hold the same, the main thread goes before what else the host does: from the first missed
 * heartbeat until a takeover is under way, and from the view that joins two sides, or the end of a pause, until each address has one
 * owner. What it decides, claims and gives up then is a few milliseconds of work, in a dozen turns; a busy host makes it wait before each.
 */

/** Below the engine's thread, which must go on in time whatever the main one does. */
export const takeoverPriority = 5;
/** After the patience: for the view, the decision, the claim and its announcements. Then it is an ordinary thread again, whatever it does. */
const takeoverMs = 200;
/** For reports, the decision, announcements, and releases after them: 50 ms are promised, a thousand addresses take longer. */
export const doubtMs = 150;

export class TakeoverPriority {
  readonly #detectMs: number;
  readonly #set: (priority: number) => void;
  #takeoverEnd: NodeJS.Timeout | undefined;
  #doubtEnd: NodeJS.Timeout | undefined;
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

  /** A view joins this member's side with another, or others went on without this one: what is held here may be held there. */
  doubt(): void {
    clearTimeout(this.#doubtEnd);
    this.#doubtEnd = setTimeout(() => {
      this.#doubtEnd = undefined;
      this.#apply();
    }, doubtMs);
    this.#apply();
  }

  /** A takeover is under way. Where two may hold the same, more follows from it. */
  decided(): void {
    clearTimeout(this.#takeoverEnd);
    this.#takeoverEnd = undefined;
    this.#apply();
  }

  /** The end has come. */
  stop(): void {
    clearTimeout(this.#doubtEnd);
    this.#doubtEnd = undefined;
    this.decided();
  }

  #apply(): void {
    const raised = this.#takeoverEnd !== undefined || this.#doubtEnd !== undefined;
    if (raised === this.#raised) return;
    this.#raised = raised;
    this.#set(raised ? takeoverPriority : 0);
  }
}
