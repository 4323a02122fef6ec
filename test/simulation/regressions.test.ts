/**
 * Schedules that once broke a promise, as small as they could be made. A seed says nothing any more once schedules are drawn in another
 * way; these stay. `weights` are a list here, of which none has any.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSchedule } from './run.ts';
import type { Schedule } from './schedule.ts';

type Row = { readonly found: string; readonly schedule: Schedule };

const rows = JSON.parse(readFileSync(join(import.meta.dirname, 'regressions.json'), 'utf8'), (key, value: unknown) =>
  key === 'weights' ? new Map() : value,
) as readonly Row[]; // written by hand from what `describeFailure` prints

describe('runSchedule(): what once broke a promise', () => {
  it.each(rows)('$found', ({ schedule }) => {
    expect(() => runSchedule(schedule)).not.toThrow();
  });
});
