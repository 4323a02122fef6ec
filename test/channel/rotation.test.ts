import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKeyFile } from '../../agent/config/key-file.ts';
import { formatKey } from '../../agent/config/key-text.ts';
import { readConfig } from '../../agent/config/read.ts';
import type { HostName } from '../../agent/membership/view.ts';
import { type Reloaded, readAnew, type Settings } from '../../agent/reload.ts';
import { type Engine, groupOptions, openEngine } from './engines.ts';

const names = ['a', 'b', 'c'];
const hosts = names.map((name, at) => ({ name, paths: [`127.0.4.${at + 1}`] }));
const [old, next] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))];

let directory = '';
let engines: Engine[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.channel.leave()));
  engines = [];
  rmSync(directory, { recursive: true });
});

function writeKeys(name: string, ...lines: readonly string[]): string {
  const file = join(directory, `${name}.key`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** What each agent does at a reload. */
class KeyReload {
  readonly #engine: Engine;
  #settings: Settings;

  constructor(engine: Engine, settings: Settings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  async run(): Promise<Reloaded> {
    const reloaded = await readAnew(this.#settings, 'a' as HostName);
    if (reloaded.kind === 'refused') return reloaded;
    this.#settings = reloaded.settings;
    this.#engine.channel.rekey(reloaded.settings.ring.keys);
    return reloaded;
  }
}

async function startGroup(port: number): Promise<readonly KeyReload[]> {
  const options = { ...groupOptions(hosts, port), keys: [old] };
  engines = await Promise.all(names.map((name) => openEngine(options, name)));
  await Promise.all(engines.map((engine) => engine.untilView(...names)));
  return Promise.all(
    engines.map(async (engine, at) => {
      const keyFile = writeKeys(names[at] ?? '', formatKey(old));
      const file = join(directory, `${names[at]}.toml`);
      const set = '[set.www]\ninterface = "eth0"\naddresses = ["192.0.2.1/24"]\n';
      writeFileSync(file, `group = "g"\nkey_file = "${keyFile}"\n[host.a]\npaths = ["192.0.2.9"]\n${set}`);
      return new KeyReload(engine, { config: await readConfig(file), ring: await readKeyFile(keyFile) });
    }),
  );
}

function viewsOf({ events }: Engine): number {
  return events.filter(({ kind }) => kind === 'view').length;
}

/** Resolves when everybody has delivered a message of this engine's, sealed as it seals now. */
async function roundOf(engine: Engine): Promise<void> {
  const payload = randomBytes(8);
  engine.channel.send(payload);
  for (const each of engines) {
    await each.until(
      (event): event is typeof event & { kind: 'deliver' } =>
        event.kind === 'deliver' && Buffer.compare(event.payload, payload) === 0,
    );
  }
}

describe('readAnew()', () => {
  it('three rounds over three hosts bring in a new key without a frame refused or a view changed', async () => {
    const reloads = await startGroup(46131);
    const views = engines.map(viewsOf);
    for (const ring of [[old, next], [next, old], [next]]) {
      for (const [at, engine] of engines.entries()) {
        writeKeys(names[at] ?? '', ...ring.map(formatKey));
        expect(await reloads[at]?.run()).toMatchObject({
          ...{ kind: 'reloaded', keysChanged: true, changes: [] },
          settings: { ring: { keys: ring } },
        });
        await roundOf(engine);
      }
    }
    expect(engines.map(viewsOf)).toEqual(views);
    for (const engine of engines) {
      expect((await engine.channel.status()).refused).toEqual({});
    }
  });

  it('one that kept only the old key is not heard any more by those that have only the new one', async () => {
    const reloads = await startGroup(46132);
    for (const ring of [[old, next], [next]]) {
      for (const at of [1, 2]) {
        writeKeys(names[at] ?? '', ...ring.map(formatKey));
        await reloads[at]?.run();
      }
    }
    await Promise.all(engines.slice(1).map((engine) => engine.untilView('b', 'c')));
    await engines[0]?.untilView('a');
    expect((await engines[1]?.channel.status())?.refused).toHaveProperty('unknown-key');
  });

  it.each([
    ['no key', ['holdfast-key-1:short'], /a\.key:1:16: the key is damaged/],
    ['another file', ['# keys', '', 'password'], /a\.key:3:1: this is no key/],
    ['no key in common', [formatKey(next)], /a\.key: none of its keys is in use.*keep the key in use as the second/],
  ])('a file with %s changes nothing and says what is wrong where', async (_what, lines, why) => {
    const [reload] = await startGroup(46133);
    writeKeys('a', ...lines);
    const refused = await reload?.run();
    expect(refused).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) });
    await Promise.all(engines.map(roundOf));
  });
});
