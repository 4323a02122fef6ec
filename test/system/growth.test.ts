import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { within } from '../../agent/lab/deadline.ts';
import { openCable, placed } from './kernel-host.ts';

type Look = { readonly files: number; readonly resources: readonly string[]; readonly bytes: number };

let cable: Awaited<ReturnType<typeof openCable>>;
let looks: readonly Look[];

const deadlineMs = 20_000;
const times = 1_000;
/** V8 compiles in the first ones, and keeps what it compiled. What leaks, leaks in each. */
const rounds = 5;
/** The smallest thing that could be left of a claim, a promise in a set, is more. */
const bytesPerClaimMax = 100;

beforeAll(async () => {
  cable = await openCable();
  const sets = Array.from({ length: 20 }, (_, at) => ({
    name: `web-${at}`,
    prefer: [],
    addresses: [placed(`10.0.0.${100 + at}`, 24), placed(`fd00::${100 + at}`, 64)],
  }));
  const script = fileURLToPath(new URL('fixtures/claims-growth.mjs', import.meta.url));
  const argv = [process.execPath, '--expose-gc', script, JSON.stringify(sets), `${times}`, `${rounds}`];
  looks = JSON.parse(await within(deadlineMs, 'some thousand claims and releases', cable.a.run(argv)));
}, deadlineMs + 5_000);

afterAll(() => cable.close());

describe(`Claims, after ${times} claims and releases`, () => {
  it('has no file, socket or timer more than before', () => {
    const [first, ...others] = looks.map(({ files, resources }) => ({ files, resources }));
    expect(others).toHaveLength(rounds);
    for (const other of others) expect(other).toEqual(first);
  });

  it('takes no more memory than before', () => {
    const grown = looks.slice(1).map(({ bytes }, at) => (bytes - (looks[at]?.bytes ?? 0)) / times);
    expect(Math.min(...grown)).toBeLessThan(bytesPerClaimMax);
  });
});
