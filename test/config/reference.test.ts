import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  announceShape,
  balanceShape,
  dampingShape,
  documentShape,
  hostShape,
  poolShape,
  setShape,
} from '../../agent/config/shape.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** The keys that the tables below a heading list. */
function keysBelow(heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, key]) => key ?? '').sort();
}

describe('docs/configuration.md', () => {
  const tables = ['announce', 'balance', 'damping', 'host', 'set', 'pool'];

  it.each([
    ['At the top', Object.keys(documentShape.entries).filter((key) => !tables.includes(key))],
    ['`[announce]`', Object.keys(announceShape.entries)],
    ['`[balance]`', Object.keys(balanceShape.entries)],
    ['`[damping]`', Object.keys(dampingShape.entries)],
    ['`[host.NAME]`', Object.keys(hostShape.entries)],
    ['`[set.NAME]`', Object.keys(setShape.entries)],
    ['`[pool.NAME]`', Object.keys(poolShape.entries)],
  ])('lists every key that there is: %s', (heading, keys) => {
    expect(keysBelow(heading)).toEqual(keys.sort());
  });
});
