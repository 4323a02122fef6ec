import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { createLab, type Lab } from '../../agent/lab/lab.ts';
import { type Probing, startProbing } from '../../agent/lab/probe-client.ts';
import type { AddressReport } from '../../agent/lab/probe-protocol.ts';

// Bounds on the truth come from the lab's own clock readings around the fault; this much more is allowed for a busy machine.
// It is the meter's correctness that is tested here, not its precision: that is in docs/lab.md.
const toleranceMs = 60;
const plantedMs = 200;
const addresses = ['10.77.0.51', 'fd77::51', '10.77.0.52'] as const;

let lab: Lab;
let probing: Probing;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  await lab.host('e1').namespace.ip(['addr add 10.77.0.51/24 dev eth0', 'addr add fd77::51/64 dev eth0 nodad']);
  await lab.host('e2').namespace.ip(['addr add 10.77.0.52/24 dev eth0']);
  probing = await startProbing(lab.client.namespace, { addresses });
  await probing.allAnswering(5_000);
});

afterAll(async () => {
  await probing.stop();
  await lab.dispose();
});

/** Lets a fault last; gives bounds of how long it did. */
async function plant(
  cause: () => Promise<void>,
  end: () => Promise<void>,
): Promise<{ leastMs: number; mostMs: number }> {
  const beforeMs = monotonicMs();
  await cause();
  const causedMs = monotonicMs();
  await new Promise((resolve) => setTimeout(resolve, plantedMs));
  const endingMs = monotonicMs();
  await end();
  return { leastMs: endingMs - causedMs, mostMs: monotonicMs() - beforeMs };
}

function of(reports: readonly AddressReport[], address: string): AddressReport {
  const found = reports.find((each) => each.address === address);
  if (found === undefined) throw new Error(`no report of ${address}`);
  return found;
}

describe('startProbing()', () => {
  it('measures a cut of the answers of one host, and nothing at the other', async () => {
    const e1 = lab.host('e1');
    let unblock = async (): Promise<void> => {};
    probing.begin('cut');
    const planted = await plant(
      async () => {
        unblock = await lab.block(e1, lab.client);
      },
      () => unblock(),
    );
    const { addresses: reports } = await probing.end('cut');
    for (const address of ['10.77.0.51', 'fd77::51']) {
      const report = of(reports, address);
      expect(report.longestSilenceMs).toBeGreaterThan(planted.leastMs - toleranceMs);
      expect(report.longestSilenceMs).toBeLessThan(planted.mostMs + toleranceMs);
      expect(report.outages.filter((each) => each.toMs - each.fromMs > plantedMs / 2)).toHaveLength(1);
      expect(report.lost).toBeGreaterThan(plantedMs / 4);
      expect(report.lost).toBeLessThan(planted.mostMs + toleranceMs);
      expect(report.sent).toBeGreaterThan(report.lost);
    }
    expect(of(reports, '10.77.0.52')).toMatchObject({ lost: 0 });
    expect(of(reports, '10.77.0.52').longestSilenceMs).toBeLessThan(plantedMs / 2);
  });

  it('measures an address that was taken away and came back', async () => {
    const { namespace } = lab.host('e1');
    probing.begin('removed');
    const planted = await plant(
      () => namespace.ip(['addr del 10.77.0.51/24 dev eth0']),
      () => namespace.ip(['addr add 10.77.0.51/24 dev eth0']),
    );
    const report = of((await probing.end('removed')).addresses, '10.77.0.51');
    expect(report.longestSilenceMs).toBeGreaterThan(planted.leastMs - toleranceMs);
    expect(report.longestSilenceMs).toBeLessThan(planted.mostMs + toleranceMs);
    expect(report.lost).toBeGreaterThan(plantedMs / 4);
  });

  it('loses nothing where nothing happens', async () => {
    probing.begin('quiet');
    await new Promise((resolve) => setTimeout(resolve, plantedMs));
    const report = await probing.end('quiet');
    expect(report.addresses.map((each) => each.lost)).toEqual([0, 0, 0]);
    expect(report.addresses.every((each) => each.sent > plantedMs / 4)).toBe(true);
  });
});
