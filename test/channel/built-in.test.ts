import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, groupOptions, openEngine, type TestHost } from './engines.ts';

const hosts: readonly TestHost[] = [
  { name: 'a', paths: ['127.0.1.1'] },
  { name: 'b', paths: ['127.0.1.2'] },
  { name: 'c', paths: ['127.0.1.3'] },
];

let engines: Engine[] = [];

async function start(options: Parameters<typeof openEngine>[0], self: string): Promise<Engine> {
  const engine = await openEngine(options, self);
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.channel.leave()));
  engines = [];
});

describe('openBuiltInChannel()', () => {
  it('three engines agree on one view', async () => {
    const options = groupOptions(hosts, 46101);
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    const views = await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    expect(new Set(views.map((view) => JSON.stringify([view.id, view.members]))).size).toBe(1);
  });

  it('a message reaches everybody, the sender included, large or small', async () => {
    const options = groupOptions(hosts, 46102);
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    const payloads = [
      new Uint8Array([1, 2, 3]),
      new Uint8Array(1024 * 1024).map((_, at) => at % 251),
      new Uint8Array(0),
    ];
    for (const payload of payloads) all[1]?.channel.send(payload);
    for (const engine of all) {
      for (const payload of payloads) {
        const { sender } = await engine.until(
          (event): event is typeof event & { kind: 'deliver' } =>
            event.kind === 'deliver' && Buffer.compare(event.payload, payload) === 0,
        );
        expect(sender).toBe(all[1]?.channel.self);
      }
    }
  });

  it('leave(): the others go on without it at once', async () => {
    const options = { ...groupOptions(hosts, 46103), detectMs: 5_000 };
    const all = await Promise.all(['a', 'b', 'c'].map((name) => start(options, name)));
    await Promise.all(all.map((engine) => engine.untilView('a', 'b', 'c')));
    await all[0]?.channel.leave();
    await Promise.all(all.slice(1).map((engine) => engine.untilView('b', 'c')));
  });
});
