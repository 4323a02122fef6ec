import type { ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChannelEvent } from '../../agent/channel/channel.ts';
import type { View } from '../../agent/membership/view.ts';
import { frameVersion } from '../../agent/wire/frame.ts';
import { type Engine, groupOptions, openEngine, startProcess } from './engines.ts';
import { buildLaterVersion } from './later-version.ts';

const hosts = ['a', 'b', 'c'].map((name, at) => ({ name, paths: [`127.0.16.${at + 1}`] }));
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(options: Parameters<typeof openEngine>[0], self: string): Promise<Engine> {
  const engine = await openEngine(options, self);
  endings.push(() => engine.channel.leave());
  return engine;
}

function startLater(options: Parameters<typeof openEngine>[0], self: string, by: number): ChildProcess {
  const { built, remove } = buildLaterVersion(by);
  const later = startProcess(options, self, built);
  endings.push(remove, () => later.kill('SIGKILL'));
  return later;
}

describe('a group that is upgraded host by host', () => {
  // The lowest leads the agreement on a view.
  it.each(['a', 'c'])('has the next version on %s and this one on the others in one view', async (upgraded) => {
    const options = groupOptions(hosts, upgraded === 'a' ? 46150 : 46151);
    const rest = ['a', 'b', 'c'].filter((name) => name !== upgraded);
    const current = await Promise.all(rest.map((name) => start(options, name)));
    const later = startLater(options, upgraded, 1);
    await Promise.all(current.map((engine) => engine.untilView('a', 'b', 'c')));
    for (const { channel, events } of current) {
      expect(events.findLast((event) => event.kind === 'view')).toMatchObject({ view: { level: frameVersion } });
      const { level, peers } = await channel.status();
      expect(level).toBe(frameVersion);
      for (const peer of peers) expect(peer.level).toBe(frameVersion + (peer.host === upgraded ? 1 : 0));
    }
    const payload = Uint8Array.of(1, 2, 3);
    current[0]?.channel.send(payload);
    for (const engine of current) await engine.until((event): event is typeof event => event.kind === 'deliver');
    // What it does not know yet it passes over and counts. Who leads, or the one that promises to it, says something on its link.
    const counts = await Promise.all(current.map(async ({ channel }) => (await channel.status()).refused));
    for (const refused of counts) expect(refused['unknown-kind']).toBeGreaterThan(0);
    expect(counts[0]?.['unknown-message']).toBeGreaterThan(0);
    const reasons = new Set(counts.flatMap((refused) => Object.keys(refused)));
    expect([...reasons].sort()).toEqual(['unknown-kind', 'unknown-message']);
    later.kill('SIGKILL');
    await Promise.all(current.map((engine) => engine.untilView(...rest)));
  });

  it('speaks the next level as soon as every member does', async () => {
    const options = groupOptions(hosts.slice(0, 2), 46153);
    const views: View[] = [];
    for (const name of ['a', 'b']) {
      startLater(options, name, 1).on('message', (event: ChannelEvent) => {
        if (event.kind === 'view') views.push(event.view);
      });
    }
    await vi.waitUntil(() => views.filter(({ members }) => members.length === 2).length === 2, 10_000);
    for (const { members, level } of views) if (members.length === 2) expect(level).toBe(frameVersion + 1);
  });

  it('leaves out a version that is two ahead, and counts its frames', async () => {
    const options = groupOptions(hosts, 46152);
    const current = await start(options, 'a');
    await current.untilView('a');
    startLater(options, 'c', 2);
    await vi.waitUntil(async () => (await current.channel.status()).refused['other-version'] !== undefined, 10_000);
    const { peers, refusedFrom } = await current.channel.status();
    expect(peers).toEqual([]);
    expect(refusedFrom).toEqual({ 'other-version': '127.0.16.3' });
  });
});
