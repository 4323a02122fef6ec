/** What an agent tells its operator: to the log, and the latest of it to `status`. */
import type { StatusEvent } from './control/protocol.ts';
import type { Log } from './system/log.ts';

/** Older ones are in the log. */
const eventsMax = 50;

export class Journal {
  readonly #log: Log;
  readonly #events: StatusEvent[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** The oldest first. */
  get events(): readonly StatusEvent[] {
    return this.#events;
  }

  tell(text: string): void {
    this.#log.info(text);
    this.#remember(text);
  }

  trouble(text: string): void {
    this.#log.warning(text);
    this.#remember(text);
  }

  #remember(text: string): void {
    this.#events.push({ at: new Date().toISOString(), text });
    if (this.#events.length > eventsMax) this.#events.shift();
  }
}
