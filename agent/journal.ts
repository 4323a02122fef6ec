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

  /** @param details for the log alone: what would be too long for `status` */
  tell(text: string, details = ''): void {
    this.#log.info(withDetails(text, details));
    this.#remember(text);
  }

  trouble(text: string, details = ''): void {
    this.#log.warning(withDetails(text, details));
    this.#remember(text);
  }

  #remember(text: string): void {
    this.#events.push({ at: new Date().toISOString(), text });
    if (this.#events.length > eventsMax) this.#events.shift();
  }
}

function withDetails(text: string, details: string): string {
  return details === '' ? text : `${text}: ${details}`;
}
