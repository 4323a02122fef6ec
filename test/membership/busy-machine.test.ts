import { describe, expect, it } from 'vitest';
import { BusyMachine } from './busy-machine.ts';

describe('step() of members that share one busy processor', () => {
  // A heartbeat of each to each keeps it busy for a third of a second where they are 64.
  it.each([
    { members: 64, heartbeatMs: 2_000, known: true, framesMax: 600 },
    { members: 48, heartbeatMs: 1_000, known: false, framesMax: 600 },
  ])('a start of all at once ends in one view: %o', ({ members, heartbeatMs, known, framesMax }) => {
    const machine = new BusyMachine(members, heartbeatMs, known);
    machine.run(() => machine.isOneView, 5 * heartbeatMs);
    expect(machine.isOneView).toBe(true);
    expect(machine.frames / members, 'frames of each').toBeLessThan(framesMax);
  });
});
