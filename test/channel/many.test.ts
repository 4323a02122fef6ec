import { afterEach, describe, expect, it } from 'vitest';
import type { ChannelEvent } from '../../agent/channel/channel.ts';
import { payloadBytesMax } from '../../agent/membership/bounds.ts';
import { compareViewIds, hostOf, type View } from '../../agent/membership/view.ts';
import { groupOptions, hostName, startProcess } from './engines.ts';

/** The largest group there may be is `HOLDFAST_ENGINES=64`, which keeps a core busy for half a minute: nothing else should run. */
const count = Number(process.env.HOLDFAST_ENGINES ?? 24);
const deadlineMs = 60_000;
/** Of a core each frame takes some 0.1 ms, and a heartbeat of each to each of 64 is 4,032 frames. */
const options = {
  ...groupOptions(
    Array.from({ length: count }, (_, at) => ({ name: `h${10 + at}`, paths: [`127.0.64.${at + 1}`] })),
    46_164,
  ),
  ...(count > 32 ? { heartbeatMs: 4_000, detectMs: 10_000 } : { heartbeatMs: 1_000, detectMs: 2_500 }),
};

const compiled = new URL('../../dist/agent/channel/built-in-engine.js', import.meta.url).href;
const { BuiltInEngine } = (await import(compiled)) as typeof import('../../agent/channel/built-in-engine.ts');

/** All that it is cut into is read in this one thread, heartbeats behind it: less than a patience, also where other tests run. */
const payloadBytes = payloadBytesMax / 4;

type Member = {
  readonly engine: InstanceType<typeof BuiltInEngine>;
  readonly ended: Promise<void>;
  view: View | null;
  deliveredBytes: number;
};

/** All in this thread: 64 threads would need more of two cores to start than the protocol takes. */
class Engines {
  readonly members = new Map<string, Member>();
  #onNews: () => void = () => undefined;

  async open(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) {
      const onEvent = (event: ChannelEvent): void => this.#note(host, event);
      let onEnd: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        onEnd = resolve;
      });
      const handlers = { onEvent, onConfirmed: () => undefined, onEnd, onWakeup: () => undefined };
      const engine = new BuiltInEngine({ ...options, self: hostName(host) }, handlers);
      this.members.set(host, { engine, ended, view: null, deliveredBytes: 0 });
    }
    await Promise.all([...this.members.values()].map(({ engine }) => engine.open()));
  }

  async end(): Promise<void> {
    const members = [...this.members.values()];
    for (const { engine } of members) engine.leave();
    await Promise.all(members.map(({ ended }) => ended));
  }

  /** All that are left here are in one view with exactly these hosts. @returns after how many s */
  untilView(hosts: readonly string[]): Promise<number> {
    return this.#until(`one view of ${hosts.length}`, () => {
      const views = [...this.members.values()].map(({ view }) => view);
      const [first] = views;
      return views.every(
        (view) =>
          first != null &&
          view?.members.length === hosts.length &&
          compareViewIds(view.id, first.id) === 0 &&
          view.members.map(hostOf).join() === hosts.join(),
      );
    });
  }

  untilDelivered(bytes: number): Promise<number> {
    return this.#until(`${bytes} bytes everywhere`, () =>
      [...this.members.values()].every(({ deliveredBytes }) => deliveredBytes === bytes),
    );
  }

  #until(what: string, isSo: () => boolean): Promise<number> {
    const since = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const sizes = [...this.members.values()].map(({ view }) => view?.members.length ?? 0);
        reject(new Error(`not within ${deadlineMs} ms: ${what}; views of ${sizes}`));
      }, deadlineMs);
      this.#onNews = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        this.#onNews = () => undefined;
        resolve((performance.now() - since) / 1000);
      };
      this.#onNews();
    });
  }

  #note(host: string, event: ChannelEvent): void {
    const member = this.members.get(host);
    if (member === undefined) return;
    if (event.kind === 'view') member.view = event.view;
    if (event.kind === 'deliver') member.deliveredBytes += event.payload.length;
    this.#onNews();
  }
}

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

describe('many engines on one machine', () => {
  it(
    `${count} come to one view, have a large message, and go on without one that leaves and one that dies`,
    async () => {
      const hosts = options.hosts.map(({ name }) => name);
      const [dies, leaves] = [hosts.at(-1) ?? '', hosts.at(-2) ?? ''];
      const engines = new Engines();
      endings.push(() => engines.end());
      const mortal = startProcess(options, dies);
      endings.push(() => mortal.kill('SIGKILL'));
      await engines.open(hosts.slice(0, -1));
      const formed = await engines.untilView(hosts);

      const [sender] = engines.members.values();
      if (sender?.view == null) throw new Error('no view');
      sender.engine.send(sender.view.id, new Uint8Array(payloadBytes));
      const delivered = await engines.untilDelivered(payloadBytes);

      engines.members.get(leaves)?.engine.leave();
      engines.members.delete(leaves);
      const left = await engines.untilView(hosts.filter((host) => host !== leaves));

      mortal.kill('SIGKILL');
      const died = await engines.untilView(hosts.slice(0, -2));
      console.log(
        `${count} engines: one view, ${payloadBytes} bytes, a goodbye, a death:`,
        ...[formed, delivered, left, died].map((s) => `${s.toFixed(1)} s`),
      );
      for (const { deliveredBytes } of engines.members.values()) expect(deliveredBytes).toBe(payloadBytes);
    },
    4 * deadlineMs,
  );
});
