/**
 * A host that stood still for longer than the others wait. What it holds may be another's by now, or the whole machine stood
 * still and nothing has happened: it keeps what it has, but claims and announces nothing until it knows. It hears that
 * within a round trip: who was put out is told so, and a view that takes it back in shows it as well.
 */
import type { InstantMs, View } from '../membership/view.ts';
import type { SetName } from './grant.ts';
import { isOut, letGoOf } from './holder.ts';
import { changedState, type OwnershipState, type Step, stallPatienceMs } from './state.ts';

export function onStalled(state: OwnershipState, now: InstantMs): Step {
  const held = heldSets(state);
  return {
    state: changedState(state, { stalledUntil: (now + stallPatienceMs) as InstantMs }), // later on the same clock
    effects: held.length === 0 ? [] : [{ kind: 'hush', sets: held }],
  };
}

/** @param installed the state in the view that ends the stall of `before`; the same where there was none */
export function endStallByView(before: OwnershipState, installed: OwnershipState): Step {
  const { view } = installed;
  if (before.stalledUntil === null || view === null) return { state: installed, effects: [] };
  return wasPutOut(before.view, view) || isOut(installed)
    ? letGoOf(installed, heldSets(installed))
    : announceAgain(installed);
}

export function endStallByTime(state: OwnershipState): Step {
  return announceAgain(changedState(state, { stalledUntil: null }));
}

/** Others of its view are in this one, and did not come here together with it. */
function wasPutOut(former: View | null, view: View): boolean {
  return (former?.members ?? []).some((member) => view.members.includes(member) && !view.together.includes(member));
}

function announceAgain(state: OwnershipState): Step {
  const held = heldSets(state);
  return { state, effects: held.length === 0 ? [] : [{ kind: 'announce', sets: held }] };
}

function heldSets(state: OwnershipState): readonly SetName[] {
  return [...state.holdings].filter(([, { phase }]) => phase === 'held').map(([set]) => set);
}
