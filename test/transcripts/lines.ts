/** What happens to hosts and in their ownership, as lines for an administrator. Heartbeats and what changes nothing are left out. */
import { hostOf } from '../../agent/membership/view.ts';
import type { Decision, Message, Report } from '../../agent/ownership/message.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import type { OwnershipEffect, OwnershipState } from '../../agent/ownership/state.ts';
import { describeFault } from '../simulation/fault.ts';
import type { Observation } from '../simulation/observation.ts';

/** A host, or `--` for what befalls them, and what it did. */
export type Line = readonly [host: string, line: string];

export function linesOf(observation: Observation): readonly Line[] {
  switch (observation.kind) {
    case 'fault':
      return [['--', describeFault(observation.fault)]];
    case 'resumed':
      return [['--', `${observation.host} goes on after ${Math.round(observation.pausedMs)} ms`]];
    case 'ended':
      return observation.how === 'left' ? [[observation.host, 'has left']] : [];
    case 'stepped': {
      const { host, event, before, after, effects } = observation;
      const lines = effects.flatMap((effect) => effectLines(before, effect));
      if (event.kind === 'stalled') lines.unshift('must first hear what became of the group');
      if (event.kind === 'apart') lines.unshift(apartLine(event.members.map(hostOf), event.spared === true));
      return [...flapLines(before, after), ...lines].map((line) => [host, line]);
    }
    case 'added':
      return [[observation.host, `has ${observation.set} in its kernel`]];
    case 'removed':
      return observation.why === 'power'
        ? []
        : [[observation.host, `has ${observation.set} in its kernel no longer${whyRemoved[observation.why]}`]];
    case 'claim-refused':
      return [[observation.host, `cannot claim ${observation.set}: its kernel refuses`]];
    case 'announced':
      return [[observation.host, `announces ${observation.set}${observation.why === 'claimed' ? '' : ' again'}`]];
    case 'started':
    case 'installed': // told with what led to it: engine-watch.ts
    case 'delivered':
    case 'waits':
    case 'renewed':
    case 'witness-asked':
      return [];
  }
}

const whyRemoved = {
  released: '',
  reaped: ': the new run starts with nothing',
  expired: ': nobody renewed it',
  yielded: ': its guard has heard of another',
  fenced: ': its guard has waited in vain for another',
  closed: ': its agent ends',
} as const;

function flapLines({ flaps: known }: OwnershipState, { flaps }: OwnershipState): readonly string[] {
  if (flaps === known) return [];
  return [...flaps].flatMap(([host, { penalty, damped }]) => {
    const before = known.get(host);
    const counts = before?.penalty !== penalty ? [`knows that the penalty of ${host} is ${Math.round(penalty)}`] : [];
    return damped && before?.damped !== true ? [...counts, `damps ${host}`] : counts;
  });
}

function apartLine(hosts: readonly string[], spared: boolean): string {
  return hosts.length === 0
    ? 'stands back for nobody any more'
    : `stands back for ${hosts.join(' and ')}: it ${spared ? 'keeps what is left to it' : 'holds nothing'}`;
}

function effectLines(before: OwnershipState, effect: OwnershipEffect): string[] {
  switch (effect.kind) {
    case 'send':
      return messageLines(before, effect.message);
    case 'claim':
      return [`claims ${effect.sets.join(' ')}`];
    case 'release':
      return [`releases ${effect.sets.join(' ')}`];
    case 'retire':
      return [`releases ${effect.sets.join(' ')} in 10 ms, and announces it no more`];
    case 'hush':
      return [`announces ${effect.sets.join(' ')} no more`];
    case 'done':
      return ['tells the operator that it is done'];
    case 'refused':
      return [`tells the operator: ${effect.why}`];
    case 'announce':
    case 'moved':
    case 'remember':
    case 'left':
      return [];
  }
}

function messageLines(before: OwnershipState, message: Message): string[] {
  switch (message.kind) {
    case 'report':
      return [`reports that it ${describeReport(message)}`];
    case 'decision':
      return decisionLines(before, message);
    case 'claimed':
      return [`says that it has ${message.sets.map(({ set }) => set).join(' ')}`];
    case 'released':
      return [`says that it has released ${message.sets.map(({ set }) => set).join(' ')}`];
    case 'request':
      return [`asks the group: ${Object.values(message.command).join(' ')}`];
  }
}

function describeReport({ holds, leaving, drained, mature }: Report): string {
  const held = holds.length === 0 ? 'holds nothing' : `holds ${holds.map(({ set }) => set).join(' ')}`;
  const more = [leaving ? ', wants to leave' : '', drained ? ', is drained' : '', mature ? '' : ', is not mature'];
  return held + more.join('');
}

/** Of the sets whose owner changes, those of one owner and reason together. */
function decisionLines({ assignments: known }: OwnershipState, { assignments }: Decision): string[] {
  const sets = new Map<string, string[]>();
  for (const { set, owner, reason } of assignments) {
    if ((known.get(set)?.owner ?? null) === owner) continue;
    const where = `to ${owner === null ? 'nobody' : hostOf(owner)} (${describeReason(reason)})`;
    sets.set(where, [...(sets.get(where) ?? []), set]);
  }
  if (sets.size === 0) return ['decides that all stays where it is'];
  return [...sets].map(([where, names]) => `decides: ${names.join(' ')} ${where}`);
}
