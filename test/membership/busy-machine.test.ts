import { describe, expect, it } from 'vitest';
import { fragmentBytesMax, payloadBytesMax } from '../../agent/membership/bounds.ts';
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

  // Round trips are longer than any timer of a link at its start.
  it.each([8, 16])('1 MiB goes to each of %i others hardly more than once', (others) => {
    const machine = new BusyMachine(others + 1, 1_000, true);
    machine.run(() => machine.isOneView, 5_000);
    const { frames } = machine;
    machine.send(new Uint8Array(payloadBytesMax));
    machine.run(() => machine.delivered === 1, 10_000);
    expect(machine.delivered).toBe(1);
    const fragmentsAndAcknowledgements = (2 * others * payloadBytesMax) / fragmentBytesMax;
    expect((machine.frames - frames) / fragmentsAndAcknowledgements).toBeLessThan(1.2);
  });

  it('a view change does not send again what its leader has', () => {
    const machine = new BusyMachine(16, 5_000, true);
    machine.run(() => machine.isOneView, 5_000);
    machine.send(new Uint8Array(payloadBytesMax / 4));
    machine.run(() => machine.delivered === 1, 10_000); // which their heartbeats have not said yet
    const { frames } = machine;
    machine.endLast();
    machine.run(() => machine.isOneView, 10_000);
    expect(machine.isOneView).toBe(true);
    expect(machine.frames - frames).toBeLessThan(16 * 100);
  });
});
