/** What the coordinator makes of the commands that were asked for: orders for the next decision, and refusals. */
import { hostOf, type MemberId, type View } from '../membership/view.ts';
import { type Candidate, hindrance } from './candidates.ts';
import type { Answer, Command } from './command.ts';
import { type Freeze, setFrozen } from './freeze.ts';
import type { SetName } from './grant.ts';
import { barOf } from './isolation.ts';
import type { Pool } from './pool.ts';
import type { OwnershipState } from './state.ts';

/** What one decision is to bring about beside what it would do anyway. */
export type Orders = {
  readonly balance: BalanceOrder;
  /** Where the sets go, to stay there. */
  readonly moves: ReadonlyMap<SetName, MemberId>;
  readonly unpin: ReadonlySet<SetName>;
};

export type BalanceOrder = { readonly kind: 'none' } | RunningBalance;

export type RunningBalance =
  /** By an operator. */
  | { readonly kind: 'asked' }
  /** By itself: where a set is preferred counts no more than its `failback` says. */
  | { readonly kind: 'round'; readonly movesMax: number };

export const noOrders: Orders = { balance: { kind: 'none' }, moves: new Map(), unpin: new Set() };

export type Agenda = { readonly orders: Orders; readonly freeze: Freeze; readonly answers: readonly Answer[] };

/** @param round the automatic round of balance that is due now, or none; a command that asks for one takes its place */
export function agendaOf(
  state: OwnershipState,
  view: View,
  candidates: readonly Candidate[],
  round: BalanceOrder,
): Agenda {
  if (state.asked.length === 0) {
    return {
      orders: { balance: round, moves: noOrders.moves, unpin: noOrders.unpin },
      freeze: state.freeze,
      answers: [],
    };
  }
  let { freeze } = state;
  let balance = round;
  const moves = new Map<SetName, MemberId>();
  const unpin = new Set<SetName>();
  const bar = barOf(state);
  const answers = state.asked.map(({ asker, id, command }): Answer => {
    const refusal = freeze.frozen ? refusalWhileFrozen(command) : null;
    return { asker, id, refusal: refusal ?? take(command) };
  });
  return { orders: { balance, moves, unpin }, freeze, answers };

  /** Returns what hinders. */
  function take(command: Command): string | null {
    switch (command.kind) {
      case 'balance':
        if (bar !== null) return bar;
        balance = { kind: 'asked' };
        return null;
      case 'move': {
        if (bar !== null) return bar;
        const target = targetOf(command, state.pool, view, candidates);
        if (typeof target === 'string') return target;
        unpin.delete(command.set);
        moves.set(command.set, target.member);
        return null;
      }
      case 'unpin':
        moves.delete(command.set);
        unpin.add(command.set);
        return null;
      case 'freeze':
      case 'thaw':
        freeze = setFrozen(freeze, command.kind === 'freeze');
        return null;
      case 'drain':
      case 'undrain':
      case 'abandon':
        return `${command.kind} is not for the coordinator`; // the host itself says it, in its report
    }
  }
}

/** Also for what is never asked of the coordinator. */
export const frozenRefusal = 'the group is frozen: holdfast thaw comes first';

function refusalWhileFrozen({ kind }: Command): string | null {
  return kind === 'freeze' || kind === 'thaw' ? null : frozenRefusal;
}

function targetOf(
  { set: name, host }: Extract<Command, { kind: 'move' }>,
  pool: Pool,
  view: View,
  candidates: readonly Candidate[],
): Candidate | string {
  const set = pool.sets.find((known) => known.name === name);
  if (set === undefined) return `there is no set ${name} in the configuration of the coordinator`;
  const member = view.members.find((candidate) => hostOf(candidate) === host);
  if (member === undefined) return `${host} is not in the view, which has ${view.members.map(hostOf).join(', ')}`;
  const candidate = candidates.find((known) => known.member === member);
  if (candidate === undefined) return `${host} has not reported yet`;
  const why = hindrance(candidate, set);
  return why === null ? candidate : `${host} ${why}`;
}
