import { describe, expect, it } from 'vitest';
import { type HostName, memberId } from '../agent/membership/view.ts';
import { describeMoves } from '../agent/moves.ts';
import type { SetName } from '../agent/ownership/grant.ts';
import type { SetMove } from '../agent/ownership/state.ts';

const e1 = memberId('e1' as HostName, '1'.padStart(32, '0'));
const e3 = memberId('e3' as HostName, '3'.padStart(32, '0'));

function taken(number: number): SetMove {
  const reason = { kind: 'takeover', from: 'e3' as HostName, choice: 'least loaded' } as const;
  return { set: `web-${number}` as SetName, from: e3, to: e1, reason };
}

function moves(count: number): readonly SetMove[] {
  return Array.from({ length: count }, (_, at) => taken(at + 1));
}

describe('describeMoves()', () => {
  it('gives each of a few a line of its own', () => {
    expect(describeMoves(moves(8)).map(({ text }) => text)).toEqual(
      moves(8).map(({ set }) => `set ${set}: e3 -> e1 (taken over: e3 is gone; least loaded)`),
    );
  });

  it('gives many of a kind one line, with all their names', () => {
    const other: SetMove = { set: 'www' as SetName, from: null, to: e3, reason: { kind: 'move', from: null } };
    const [many, one, ...more] = describeMoves([...moves(5), other, ...moves(1000).slice(5)]);
    expect(many?.text).toBe('1000 sets: e3 -> e1 (taken over: e3 is gone; least loaded)');
    expect(many?.names.split(' ')).toHaveLength(1000);
    expect(one?.text).toMatch(/^set www: e3 /);
    expect(more).toEqual([]);
  });

  it('alarms where the host that had it still answers', () => {
    const reason = { kind: 'answering', host: 'e3' as HostName } as const;
    expect(describeMoves([{ ...taken(1), to: null, reason }])).toMatchObject([{ alarming: true }]);
  });
});
