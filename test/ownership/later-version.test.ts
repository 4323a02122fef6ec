import { describe, expect, it } from 'vitest';
import { type HostName, type InstantMs, memberId, type View } from '../../agent/membership/view.ts';
import { noMemory } from '../../agent/ownership/freeze.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Message, Report } from '../../agent/ownership/message.ts';
import type { Reason } from '../../agent/ownership/reason.ts';
import { initialOwnership, type OwnershipState } from '../../agent/ownership/state.ts';
import { step } from '../../agent/ownership/step.ts';
import { poolOf } from './group.ts';

const e1 = memberId('e1' as HostName, 'a1'.repeat(16));
const e2 = memberId('e2' as HostName, 'b2'.repeat(16));
const now = 1_000 as InstantMs;
const view: View = { id: { counter: 5, leader: e1 }, level: 1, members: [e1, e2], together: [e1] };

/** What e1, which coordinates, sends once it has heard itself and e2, and where it stands then. */
function coordinate(reportOf: (own: Report) => Report): { sent: Message[]; state: OwnershipState } {
  const sent: Message[] = [];
  let state = initialOwnership({ self: e1, pool: poolOf('ab'), matureMs: 60_000, memory: noMemory, now });
  const take = (event: Parameters<typeof step>[1]): void => {
    const next = step(state, event);
    state = next.state;
    for (const effect of next.effects) {
      if (effect.kind !== 'send') continue;
      sent.push(effect.message);
      take({ kind: 'message', now, sender: e1, message: effect.message });
    }
  };
  take({ kind: 'view', now, view });
  const own = sent.find((message) => message.kind === 'report');
  if (own === undefined) throw new Error('a member reports in a new view');
  take({ kind: 'message', now, sender: e2, message: reportOf(own) });
  return { sent, state };
}

describe('step(): a member of a later version', () => {
  it('is told why it holds a set in its own words by a coordinator that does not know them', () => {
    const reason: Reason = { kind: 'later', said: { kind: 'sung', by: 'e2' } };
    const grant = { view: { counter: 3, leader: e2 }, n: 2 };
    const set = 'a' as SetName;
    const { sent } = coordinate((own) => ({
      ...own,
      host: 'e2' as HostName,
      holds: [{ set, grant, pinned: false, tenure: { reason, ageMs: 7 } }],
    }));
    const decision = sent.findLast((message) => message.kind === 'decision');
    expect(decision?.assignments.find((assignment) => assignment.set === set)).toMatchObject({
      owner: e2,
      grant,
      reason,
    });
  });

  it('is known by the level of the view, for what is to wait until all members have it', () => {
    expect(coordinate((own) => ({ ...own, host: 'e2' as HostName })).state.view?.level).toBe(1);
  });
});
