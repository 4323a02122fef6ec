/** The asker's side of commands: each is asked again in every view until it is done, or until it is known what hinders. */
import { type HostName, hostOf, type InstantMs } from '../membership/view.ts';
import type { Command, Request } from './command.ts';
import type { Memory } from './freeze.ts';
import type { SetName } from './grant.ts';
import type { Decision } from './message.ts';
import { frozenRefusal } from './orders.ts';
import { describeReason } from './reason.ts';
import { type Holders, noHolders, reportedHolders, unsettled } from './settled.ts';
import {
  changedState,
  commandPatienceMs,
  type OwnershipEffect,
  type OwnershipState,
  type PendingCommand,
  type SetMove,
  type Step,
} from './state.ts';

/** An operator of this host asks; what can be told at once is refused at once. */
export function onCommand(state: OwnershipState, id: number, command: Command, now: InstantMs): Step {
  const refusal = refusalAtOnce(state, command);
  if (refusal !== null) return { state, effects: [{ kind: 'refused', id, why: refusal }] };
  const until = (now + commandPatienceMs) as InstantMs; // later on the same clock
  const pending: PendingCommand = { id, command, until, moves: null };
  return { state: changedState(state, { pending: [...state.pending, pending] }), effects: asking([pending]) };
}

/** What is to be asked in a new view: everything that no decision has answered. */
export function askAgain(state: OwnershipState): readonly OwnershipEffect[] {
  return asking(state.pending.filter(({ moves }) => moves === null));
}

function asking(pending: readonly PendingCommand[]): readonly OwnershipEffect[] {
  return pending.flatMap(({ id, command }): OwnershipEffect[] =>
    command.kind === 'abandon' ? [] : [{ kind: 'send', message: { kind: 'request', id, command } }],
  );
}

/** Every member hears of every request: the host that is meant drains itself, the rest is for the coordinator. */
export function onRequest(state: OwnershipState, request: Request): { state: OwnershipState; changed: boolean } {
  const { command } = request;
  if (command.kind !== 'drain' && command.kind !== 'undrain') {
    return { state: changedState(state, { asked: [...state.asked, request] }), changed: false };
  }
  const drained = command.kind === 'drain';
  if (command.host !== hostOf(state.self) || drained === state.drained) return { state, changed: false };
  return { state: changedState(state, { drained }), changed: true };
}

/** Notes the moves of what the decision carries out; refuses what it refuses. */
export function onAnswers(state: OwnershipState, decision: Decision, moves: readonly SetMove[]): Step {
  if (decision.answers.length === 0) return { state, effects: [] };
  const mine = new Map(decision.answers.filter(({ asker }) => asker === state.self).map((it) => [it.id, it.refusal]));
  const answered = new Set(decision.answers.map(({ asker, id }) => `${asker} ${id}`));
  const refused = state.pending.filter(({ id }) => typeof mine.get(id) === 'string');
  const pending = state.pending
    .filter((request) => !refused.includes(request))
    .map(
      (request): PendingCommand => (mine.has(request.id) ? { ...request, moves: movesFor(request, moves) } : request),
    );
  const asked = state.asked.filter(({ asker, id }) => !answered.has(`${asker} ${id}`));
  return {
    state: changedState(state, { pending, asked }),
    effects: refused.map(({ id }): OwnershipEffect => ({ kind: 'refused', id, why: mine.get(id) ?? '' })),
  };
}

/** Commands that are done, or that are hindered for good, or for too long. */
export function answerCommands(state: OwnershipState, now: InstantMs): Step {
  if (state.pending.length === 0) return { state, effects: [] };
  const holders = reportedHolders(state);
  const effects: OwnershipEffect[] = [];
  const pending = state.pending.filter((request) => {
    const progress = progressOf(state, request, holders);
    if (progress.kind === 'done') effects.push({ kind: 'done', id: request.id, moves: request.moves ?? [] });
    else if (progress.kind === 'hindered') effects.push({ kind: 'refused', id: request.id, why: progress.why });
    else if (now >= request.until) {
      const patience = `not done within ${commandPatienceMs / 1000} s`;
      effects.push({ kind: 'refused', id: request.id, why: `${patience}: ${progress.why}` });
    } else return true;
    return false;
  });
  return { state: pending.length === state.pending.length ? state : changedState(state, { pending }), effects };
}

export function memoryOf({ freeze, drained }: OwnershipState): Memory {
  return { freeze, drained };
}

type HoldersOf = ReadonlyMap<SetName, Holders>;

type Progress =
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'hindered'; readonly why: string };

function progressOf(state: OwnershipState, { command, moves }: PendingCommand, holders: HoldersOf): Progress {
  switch (command.kind) {
    case 'balance':
    case 'thaw':
    case 'freeze':
    case 'unpin':
      return moves === null ? undecided : settledMoves(state, moves, holders);
    case 'move':
      return moves === null ? undecided : moved(state, command, holders);
    case 'drain':
      return drainedHost(state, command.host, holders);
    case 'undrain': {
      const report = reportOf(state, command.host);
      if (report === null) return { kind: 'hindered', why: `${command.host} is gone` };
      return report.drained ? { kind: 'waiting', why: `${command.host} does not answer` } : { kind: 'done' };
    }
    case 'abandon':
      return abandoned(state);
  }
}

const undecided: Progress = { kind: 'waiting', why: 'the host that leads has not decided' };

function settledMoves(state: OwnershipState, moves: readonly SetMove[], holders: HoldersOf): Progress {
  for (const { set } of moves) {
    const why = unsettled(state, set, holders);
    if (why !== null) return { kind: 'waiting', why };
  }
  return { kind: 'done' };
}

function moved(state: OwnershipState, { set, host }: Extract<Command, { kind: 'move' }>, holders: HoldersOf): Progress {
  const why = unsettled(state, set, holders);
  if (why !== null) return { kind: 'waiting', why };
  const assignment = state.assignments.get(set);
  const owner = assignment?.owner ?? null;
  if (owner !== null && hostOf(owner) === host) return { kind: 'done' };
  const where = owner === null ? 'nobody has it' : `it is with ${hostOf(owner)}`;
  const reason = assignment === undefined ? '' : `: ${describeReason(assignment.reason)}`;
  return { kind: 'hindered', why: `${set} did not get to ${host}; ${where}${reason}` };
}

function drainedHost(state: OwnershipState, host: HostName, holders: HoldersOf): Progress {
  const report = reportOf(state, host);
  if (report === null) return { kind: 'hindered', why: `${host} is gone` };
  if (!report.drained) return { kind: 'waiting', why: `${host} does not answer` };
  const left: string[] = [];
  for (const [set, { owner, reason }] of state.assignments) {
    const { held, claiming } = holders.get(set) ?? noHolders;
    const holds = [...held, ...claiming].some((member) => hostOf(member) === host);
    if (!holds && (owner === null || hostOf(owner) !== host)) continue;
    if (state.freeze.frozen) return { kind: 'hindered', why: `${host} gives its sets away when the group is thawed` };
    if (reason.kind !== 'stays') return { kind: 'waiting', why: `${host} still has ${set}` };
    left.push(`${set} stays on ${host}: ${reason.why}`);
  }
  return left.length === 0 ? { kind: 'done' } : { kind: 'hindered', why: left.join('; ') };
}

/** The group has to know, before this member goes, that its sets are not free. */
function abandoned(state: OwnershipState): Progress {
  const host = hostOf(state.self);
  for (const [set, { phase }] of state.holdings) {
    if (phase !== 'held') return { kind: 'waiting', why: `${set} is just moving` };
    const reason = state.assignments.get(set)?.reason;
    if (reason?.kind !== 'abandoned' || reason.host !== host) return undecided;
  }
  return { kind: 'done' };
}

function movesFor({ command }: PendingCommand, moves: readonly SetMove[]): readonly SetMove[] {
  switch (command.kind) {
    case 'balance':
    case 'thaw':
      return moves;
    case 'move':
      return moves.filter(({ set }) => set === command.set);
    case 'unpin':
    case 'freeze':
    case 'drain':
    case 'undrain':
    case 'abandon':
      return [];
  }
}

function refusalAtOnce(state: OwnershipState, command: Command): string | null {
  if (state.view === null) return 'there is no membership channel';
  if (state.leavingUntil !== null || state.abandoning) return 'this agent is leaving';
  switch (command.kind) {
    case 'balance':
      return state.pool.balance.mode === 'off'
        ? 'balance is off in the configuration: set [balance] mode = "on-demand"'
        : null;
    case 'move':
    case 'unpin':
      return state.pool.sets.some(({ name }) => name === command.set) ? null : `there is no set ${command.set}`;
    case 'drain':
    case 'undrain': {
      const hosts = state.view.members.map(hostOf);
      return hosts.includes(command.host) ? null : `${command.host} is not in the view, which has ${hosts.join(', ')}`;
    }
    case 'abandon':
      return state.freeze.frozen ? frozenRefusal : null; // the group could not say whose they are not
    case 'freeze':
    case 'thaw':
      return null;
  }
}

function reportOf(state: OwnershipState, host: HostName) {
  const member = state.view?.members.find((candidate) => hostOf(candidate) === host);
  return member === undefined ? null : (state.reports.get(member) ?? null);
}
