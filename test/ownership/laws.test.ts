import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { Command } from '../../agent/ownership/command.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { Group, poolOf } from './group.ts';

/** Xorshift32: the same choices for the same seed. */
function chooser(seed: number): (count: number) => number {
  let x = seed;
  return (count) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % Math.max(1, count);
  };
}

describe('step(): laws', () => {
  const hosts = ['e1', 'e2', 'e3', 'e4'];
  const action = fc.oneof(
    fc.record({ kind: fc.constant('die' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('return' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('balance' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('order' as const), host: fc.constantFrom(...hosts), at: fc.nat(9) }),
    fc.record({ kind: fc.constant('split' as const), host: fc.constantFrom(...hosts) }),
    fc.record({ kind: fc.constant('advance' as const), host: fc.constantFrom(...hosts) }),
  );

  const orders: readonly Command[] = [
    { kind: 'freeze' },
    { kind: 'thaw' },
    { kind: 'drain', host: 'e1' as HostName },
    { kind: 'drain', host: 'e3' as HostName },
    { kind: 'undrain', host: 'e1' as HostName },
    { kind: 'move', set: 'a' as SetName, host: 'e2' as HostName },
    { kind: 'move', set: 'b' as SetName, host: 'e1' as HostName },
    { kind: 'unpin', set: 'a' as SetName },
  ];

  it('break before make: whatever dies and is ordered in between, no step sees a set in two kernels', {
    timeout: 60_000,
  }, () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), fc.integer({ min: 1, max: 0x7fffffff }), (actions, seed) => {
        const group = new Group(poolOf('abcdefg', { hosts: 4, handover: 'break-before-make' }), {
          choose: chooser(seed),
        });
        group.onStep = () => {
          for (const set of 'abcdefg') {
            const holders = [...group.kernels].filter(([, kernel]) => kernel.has(set)).map(([host]) => host);
            if (holders.length > 1) throw new Error(`${set} on ${holders.join(', ')}`);
          }
        };
        for (const host of hosts) group.start(host);
        group.view(...hosts);
        group.settle();
        for (const { kind, host, ...rest } of actions) {
          if (kind === 'advance') for (let i = 0; i < 10; i++) group.advance();
          else if (kind === 'die' && group.members.size > 1) {
            group.die(host);
            group.view(...group.members.keys());
          } else if (kind === 'return' && !group.members.has(host)) {
            group.start(host);
            group.view(...group.members.keys());
          } else if (group.members.has(host)) {
            const command = kind === 'order' && 'at' in rest ? orders[rest.at % orders.length] : undefined;
            group.tell(host, { kind: 'command', id: 1, command: command ?? { kind: 'balance' } });
          }
        }
        group.pass(2_000);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever dies, splits, meets and is asked for in between: at rest every set is held once, and the load is fair after a balance', {
    timeout: 60_000,
  }, () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), fc.integer({ min: 1, max: 0x7fffffff }), (actions, seed) => {
        const choose = chooser(seed);
        const group = new Group(poolOf('abcdefg', { hosts: 4 }), { choose });
        for (const host of hosts) group.start(host);
        group.view(...hosts);
        const order = (host: string, command: Command): void => group.tell(host, { kind: 'command', id: 1, command });
        for (const { kind, host, ...rest } of actions) {
          if (kind === 'advance') for (let i = 0; i < 10; i++) group.advance();
          else if (kind === 'balance' && group.members.has(host))
            group.tell(host, { kind: 'command', id: 1, command: { kind: 'balance' } });
          else if (kind === 'order' && group.members.has(host)) {
            order(host, orders[('at' in rest ? rest.at : 0) % orders.length] ?? { kind: 'thaw' });
          } else if (kind === 'split' && group.members.has(host)) {
            group.view(host);
            const rest = [...group.members.keys()].filter((name) => name !== host);
            if (rest.length > 0) group.view(...rest);
          } else if (kind === 'die' && group.members.size > 1) {
            group.die(host);
            group.view(...group.members.keys());
          } else if (kind === 'return' && !group.members.has(host)) {
            group.start(host);
            group.view(...group.members.keys());
          }
        }
        group.view(...group.members.keys());
        group.pass(2_000);
        const [first = ''] = group.members.keys();
        order(first, { kind: 'thaw' });
        for (const host of group.members.keys()) order(first, { kind: 'undrain', host: host as HostName });
        for (const set of 'abcdefg') order(first, { kind: 'unpin', set: set as SetName });
        group.pass(2_000);
        for (const set of 'abcdefg') {
          const holders = [...group.kernels].filter(([, kernel]) => kernel.has(set)).map(([host]) => host);
          expect(holders, `holders of ${set}`).toHaveLength(1);
        }
        group.tell(first, { kind: 'command', id: 2, command: { kind: 'balance' } });
        group.pass(2_000);
        const loads = [...group.kernels.values()].map((kernel) => kernel.size);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
