/** What happened, as lines a person can read. */
import { hostOf, type MemberId, type View } from '../../agent/membership/view.ts';
import type { Message } from '../../agent/ownership/message.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import type { OwnershipEffect } from '../../agent/ownership/state.ts';
import { describeFault } from './fault.ts';
import type { Observation } from './observation.ts';
import type { World } from './world.ts';

export class Story {
  readonly lines: string[] = [];
  readonly #restarts = new Map<string, number>();

  tell(observation: Observation, world: World): void {
    for (const line of this.#linesOf(observation, world)) {
      this.lines.push(`${world.now.toFixed(1).padStart(8)}  ${line}`);
    }
  }

  #linesOf(observation: Observation, world: World): readonly string[] {
    switch (observation.kind) {
      case 'fault':
        return [`-- ${describeFault(observation.fault)}`];
      case 'started': {
        const runs = (this.#restarts.get(observation.host) ?? 0) + 1;
        this.#restarts.set(observation.host, runs);
        return [`${observation.host} is up${runs === 1 ? '' : `, run ${runs}`}`];
      }
      case 'ended':
        return observation.how === 'left' ? [`${observation.host} has left`] : [];
      case 'resumed':
        return [`-- ${observation.host} goes on after ${Math.round(observation.pausedMs)} ms`];
      case 'installed':
        return [`${observation.host} is in ${describeView(observation.view)}`];
      case 'delivered':
      case 'renewed':
      case 'waits':
        return [];
      case 'stepped':
        return this.#stepped(observation);
      case 'added':
        return [`${observation.host} has ${observation.set}`];
      case 'removed':
        return [`${observation.host} has ${observation.set} no longer${whyRemoved[observation.why]}`];
      case 'witness-asked':
        return observation.answered ? [] : [`no witness answers ${observation.host}`];
      case 'claim-refused':
        return [`${observation.host} cannot add ${observation.set}`];
      case 'announced': {
        const { host, set, why } = observation;
        const again = why === 'claimed' ? '' : why === 'again' ? ' again' : ', a repeat';
        return [`${host} announces ${set}${again}${this.#others(host, world, observation)}`];
      }
    }
  }

  #others(host: string, world: World, { set }: Observation & { kind: 'announced' }): string {
    const others = [...world.hosts.values()].filter((other) => other.name !== host && other.has(set));
    return others.length === 0 ? '' : ` (${others.map(({ name }) => name).join(' and ')} has it too)`;
  }

  #stepped({ host, event, effects }: Observation & { kind: 'stepped' }): readonly string[] {
    const lines: string[] = [];
    if (event.kind === 'stalled') lines.push(`${host} notices that it stood still`);
    if (event.kind === 'lost') lines.push(`${host} has lost its engine`);
    for (const effect of effects) lines.push(...describeEffect(host, effect));
    return lines;
  }
}

const whyRemoved = {
  released: '',
  power: ': no power',
  reaped: ': its new agent removes what the old one left',
  expired: ': its lifetime ended',
  yielded: ': its guard has heard of another',
  fenced: ': its guard has waited in vain for another',
  closed: ': its agent ends',
} as const;

export function describeEffect(host: string, effect: OwnershipEffect): readonly string[] {
  switch (effect.kind) {
    case 'send':
      return describeMessage(host, effect.message);
    case 'claim':
    case 'release':
    case 'retire':
    case 'hush':
      return [`${host} ${verbs[effect.kind]} ${effect.sets.join(' ')}`];
    case 'done':
      return [`${host}: the command is done`];
    case 'refused':
      return [`${host}: the command is refused: ${effect.why}`];
    case 'announce':
    case 'moved':
    case 'remember':
    case 'left':
      return [];
  }
}

const verbs = {
  claim: 'claims',
  release: 'releases',
  retire: 'will release in 10 ms',
  hush: 'stops announcing',
} as const;

function describeMessage(host: string, message: Message): readonly string[] {
  switch (message.kind) {
    case 'report':
      return [];
    case 'decision':
      return message.assignments.map(
        ({ set, owner, reason }) => `${host} decides: ${set} ${nameOf(owner)} (${describeReason(reason)})`,
      );
    case 'claimed':
      return [`${host} says that it has claimed ${message.sets.map(({ set }) => set).join(' ')}`];
    case 'released':
      return [`${host} says that it has released ${message.sets.map(({ set }) => set).join(' ')}`];
    case 'request':
      return [`${host} asks the group: ${Object.values(message.command).join(' ')}`];
  }
}

function nameOf(owner: MemberId | null): string {
  return owner === null ? 'to nobody' : hostOf(owner);
}

export function describeView({ id, members }: View): string {
  return `view ${id.counter} (${members.map(hostOf).join(' ')})`;
}
