/** In which order the effects of one step are carried out. */
import type { MemberEffect } from '../membership/member-state.ts';

/**
 * What one member waits for leaves before the heartbeat that tells all of them what became of it. Where a heartbeat with the new view came first,
 * who waited for the commit took the leader for one that had gone on without it, and asked for it.
 */
export function inOrder(effects: readonly MemberEffect[]): readonly MemberEffect[] {
  if (effects.length < 2) return effects;
  const first = effects.filter(({ kind }) => kind === 'send-datagram');
  return first.length === 0 ? effects : [...first, ...effects.filter(({ kind }) => kind !== 'send-datagram')];
}
