import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AddressWatch } from '../../agent/lab/address-watch.ts';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { spansOf } from '../../agent/lab/holdings.ts';
import { createLab, type Lab } from '../../agent/lab/lab.ts';

let lab: Lab;
let watch: AddressWatch;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  await lab.host('e1').namespace.ip(['addr add 10.77.0.51/24 dev eth0']);
  watch = await lab.watchAddresses();
});

afterAll(async () => lab.dispose());

describe('AddressWatch', () => {
  it('knows what was there before it began', () => {
    expect(watch.holders('10.77.0.51')).toEqual(['e1']);
    expect(watch.heldBy('e2').toSorted()).toEqual(['10.77.0.2', 'fd77::2', expect.stringMatching(/^fe80/)]);
  });

  it('dates what happens on the clock of the lab', async () => {
    const [e1, e2] = [lab.host('e1'), lab.host('e2')];
    const beganMs = monotonicMs();
    await e2.namespace.ip(['addr add 10.77.0.51/24 dev eth0']);
    const addedMs = monotonicMs();
    await e1.namespace.ip(['addr del 10.77.0.51/24 dev eth0']);
    const endedMs = monotonicMs();
    await watch.sync();
    const spans = spansOf(watch.events, '10.77.0.51', beganMs, endedMs + 100);
    expect(spans.map((span) => span.holders)).toEqual([['e1'], ['e1', 'e2'], ['e2']]);
    const [, twice] = spans;
    // `ip` stamps a message when it reads it: at or after the change, as late as a busy machine makes it.
    expect(twice?.fromMs).toBeGreaterThan(beganMs);
    expect(twice?.fromMs).toBeLessThan(addedMs + 50);
    expect(twice?.toMs).toBeGreaterThan(addedMs - 1);
    expect(twice?.toMs).toBeLessThan(endedMs + 50);
    expect(watch.problems).toEqual([]);
  });

  it('does not take a renewal for a change', async () => {
    const { namespace } = lab.host('e2');
    await watch.sync();
    const before = watch.events.length;
    await namespace.ip(['addr replace 10.77.0.51/24 dev eth0 valid_lft 60 preferred_lft 60']);
    await watch.sync();
    expect(watch.events.length).toBe(before);
  });

  it('sees the kernel remove an address whose lifetime is over', async () => {
    await lab.host('e2').namespace.ip(['addr add 10.77.0.53/24 dev eth0 valid_lft 1 preferred_lft 1']);
    await watch.until('the address', 2_000, () => watch.holders('10.77.0.53').length === 1);
    await watch.until('its end', 4_000, () => watch.holders('10.77.0.53').length === 0);
  });
});
