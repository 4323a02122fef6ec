import { describe, expect, it } from 'vitest';
import { parseConfig } from '../agent/config/parse.ts';
import { poolOf } from '../agent/pool.ts';
import { edited } from './config/fixture.ts';

function hostsExpected(line: string): number {
  const parsed = parseConfig(edited({ 4: line }), 'f');
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join());
  return poolOf(parsed.config).hostsExpected;
}

describe('poolOf()', () => {
  it('expects the hosts of the file at a cold start', () => expect(hostsExpected('')).toBe(2));

  it('never takes them for the whole group where there are peers', () => {
    expect(hostsExpected('discovery = "hosts"\npeers = ["edge.example.net"]')).toBe(Number.POSITIVE_INFINITY);
  });
});
