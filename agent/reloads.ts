/** Reloads of a running agent: one after the other, told to the service manager, and none of them ends the agent. */
import { AssertionError } from 'node:assert';
import type { ControlReply } from './control/protocol.ts';
import type { Journal } from './journal.ts';
import type { Notifier } from './system/notify.ts';

export type ReloadsOptions = {
  readonly notifier: Pick<Notifier, 'reloading' | 'ready'>;
  readonly journal: Journal;
  /** Where the answer is that it is refused, nothing has changed. */
  readonly reload: () => Promise<ControlReply>;
};

export class Reloads {
  readonly #options: ReloadsOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReloadsOptions) {
    this.#options = options;
  }

  /** Rejects for a broken invariant only: an agent that has one ends. */
  run(): Promise<ControlReply> {
    const reloaded = this.#last.then(() => this.#reload());
    this.#last = reloaded.catch(() => {}); // the next one may do better
    return reloaded;
  }

  async #reload(): Promise<ControlReply> {
    const { notifier, journal, reload } = this.#options;
    notifier.reloading();
    try {
      const reply = await reload();
      if (!reply.ok) journal.trouble(`reload: ${reply.error.replaceAll('\n', '; ')}; nothing changes`);
      return reply;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      const why = `${error instanceof Error ? error.message : String(error)}; it is not taken over as a whole: reload again`;
      journal.trouble(`reload: ${why}`);
      return { ok: false, error: why };
    } finally {
      notifier.ready();
    }
  }
}
