/**
 * Ownership's messages as bytes: JSON in UTF-8, because versions of the agent live side by side during an upgrade and a
 * person can read a capture. Whatever comes in is checked field by field; a field that is not known is ignored.
 */
import type { HostName, MemberId, ViewId } from '../membership/view.ts';
import type { Answer, Command } from '../ownership/command.ts';
import type { ReportedFlap } from '../ownership/damping.ts';
import type { Freeze } from '../ownership/freeze.ts';
import type { Grant, SetName } from '../ownership/grant.ts';
import type { Assignment, Decision, GrantedSet, LeftSet, Message, Report, Waiting } from '../ownership/message.ts';
import type { Handover } from '../ownership/pool.ts';
import type { Choice, Reason } from '../ownership/reason.ts';
import { Field, Malformed } from './json-field.ts';
import { withTables } from './ownership-tables.ts';

export type MessageRefusal = {
  readonly kind: 'refused';
  readonly reason: 'not-utf8' | 'not-json' | 'unknown-message' | 'malformed-message';
  /** The field at fault: `assignments[3].owner`. */
  readonly at: string;
};

export function encodeOwnershipMessage(message: Message): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(withTables(message)));
}

/** Never throws. */
export function decodeOwnershipMessage(bytes: Uint8Array): Message | MessageRefusal {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { kind: 'refused', reason: 'not-utf8', at: '' };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'refused', reason: 'not-json', at: '' };
  }
  try {
    return readMessage(new Field(value));
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'refused', reason: error.reason, at: error.at };
    throw error;
  }
}

function readMessage(message: Field): Message | MessageRefusal {
  const kind = message.get('kind').text();
  switch (kind) {
    case 'report':
      return readReport(message);
    case 'decision':
      return readDecision(message);
    case 'claimed':
    case 'released': {
      const grants = message.get('grants').list(readGrant);
      return { kind, sets: message.get('sets').list((entry) => readGrantedSet(entry, grants)) };
    }
    case 'request':
      return { kind, id: message.get('id').count(), command: readCommand(message.get('command')) };
    default:
      return { kind: 'refused', reason: 'unknown-message', at: 'kind' };
  }
}

function readReport(report: Field): Report {
  const grants = report.get('grants').list(readGrant);
  const reasons = report.get('reasons').or([], (list) => list.list(readReason));
  return {
    kind: 'report',
    host: report.get('host').text() as HostName, // a name for people; who sent it, the channel says
    pool: report.get('pool').text(),
    side: report.get('side').orNull(readViewId),
    holds: report.get('holds').list((entry) => ({
      ...readGrantedSet(entry, grants),
      pinned: entry.get('pinned').or(false, (pinned) => pinned.flag()),
      tenure: entry.get('reason').or(undefined, (reason) => ({
        reason: reason.entryOf(reasons),
        ageMs: entry.get('ageMs').count(),
      })),
    })),
    claiming: report.get('claiming').or([], (list) => list.list(readSetName)),
    releasing: report.get('releasing').list(readSetName),
    sets: report.get('sets').orNull((sets) => sets.list(readSetName)),
    unable: report
      .get('unable')
      .list((entry) => ({ set: readSetName(entry.get('set')), why: entry.get('why').text() })),
    mature: report.get('mature').flag(),
    leaving: report.get('leaving').flag(),
    drained: report.get('drained').flag(),
    abandoning: report.get('abandoning').flag(),
    freeze: readFreeze(report.get('freeze')),
    voters: report.get('voters').or([], (voters) => voters.list(readHostName)),
    flaps: report.get('flaps').or([], (flaps) => flaps.list(readFlap)),
    waiting: report.get('waiting').list(readWaiting),
    left: report.get('left').or([], (left) => left.list(readLeftSet)),
  };
}

function readDecision(decision: Field): Decision {
  const tables: Tables = {
    members: decision.get('members').list(readMemberId),
    grants: decision.get('grants').list(readGrant),
    reasons: decision.get('reasons').list(readReason),
  };
  return {
    kind: 'decision',
    n: decision.get('n').count(),
    assignments: decision.get('assignments').list((entry) => readAssignment(entry, tables)),
    answers: decision.get('answers').list(
      (entry): Answer => ({
        asker: readMemberId(entry.get('asker')),
        id: entry.get('id').count(),
        refusal: entry.get('refusal').orNull((refusal) => refusal.text()),
      }),
    ),
    freeze: readFreeze(decision.get('freeze')),
  };
}

function readHandover(field: Field): Handover {
  const text = field.text();
  if (text !== 'make-before-break' && text !== 'break-before-make') throw field.wrong();
  return text;
}

function readFreeze(freeze: Field): Freeze {
  return freeze.with({ frozen: freeze.get('frozen').flag(), changes: freeze.get('changes').count() });
}

function readFlap(flap: Field): ReportedFlap {
  return {
    host: readHostName(flap.get('host')),
    penalty: flap.get('penalty').count(),
    damped: flap.get('damped').flag(),
  };
}

function readWaiting(entry: Field): Waiting {
  const why = entry.get('why');
  const text = why.text();
  if (text !== 'frozen' && text !== 'abandoned') throw why.wrong();
  return { set: readSetName(entry.get('set')), host: readHostName(entry.get('host')), why: text };
}

function readLeftSet(entry: Field): LeftSet {
  return { set: readSetName(entry.get('set')), member: readRun(entry.get('member')) };
}

function readCommand(command: Field): Command {
  const kind = command.get('kind').text();
  switch (kind) {
    case 'balance':
    case 'freeze':
    case 'thaw':
      return { kind };
    case 'move':
      return { kind, set: readSetName(command.get('set')), host: readHostName(command.get('host')) };
    case 'unpin':
      return { kind, set: readSetName(command.get('set')) };
    case 'drain':
    case 'undrain':
      return { kind, host: readHostName(command.get('host')) };
    default:
      throw command.wrong();
  }
}

type Tables = {
  readonly members: readonly MemberId[];
  readonly grants: readonly Grant[];
  readonly reasons: readonly Reason[];
};

function readAssignment(assignment: Field, { members, grants, reasons }: Tables): Assignment {
  return {
    set: readSetName(assignment.get('set')),
    owner: assignment.get('owner').orNull((owner) => owner.entryOf(members)),
    grant: assignment.get('grant').entryOf(grants),
    releasing: assignment.get('releasing').or([], (list) => list.list((member) => member.entryOf(members))),
    reason: assignment.get('reason').entryOf(reasons),
    pinned: assignment.get('pinned').or(false, (pinned) => pinned.flag()),
    handover: assignment.get('handover').or('make-before-break', readHandover),
    ageMs: assignment.get('ageMs').count(),
  };
}

/** Holders tell a new coordinator the reasons that they were told, so that all of them goes on, those of a later version too. */
function readReason(reason: Field): Reason {
  const known = readKnownReason(reason);
  return known === null ? { kind: 'later', said: reason.object() } : reason.with(known);
}

function readKnownReason(reason: Field): Reason | null {
  const kind = reason.get('kind').text();
  const from = (): HostName => reason.get('from').text() as HostName; // for people
  switch (kind) {
    case 'first':
      return { kind, choice: readChoice(reason) };
    case 'takeover':
    case 'balance':
    case 'failback':
      return { kind, from: from(), choice: readChoice(reason) };
    case 'handover':
      return { kind, from: from(), why: reason.get('why').text(), choice: readChoice(reason) };
    case 'merge':
      return {
        kind,
        others: reason.get('others').list((other) => other.text() as HostName), // for people
        choice: readChoice(reason),
      };
    case 'move':
      return { kind, from: reason.get('from').orNull(readHostName) };
    case 'frozen':
      return { kind, host: reason.get('host').orNull(readHostName) };
    case 'answering':
      return {
        kind,
        host: readHostName(reason.get('host')),
        member: reason.get('member').or(undefined, readRun),
      };
    case 'returned':
    case 'abandoned':
      return { kind, host: readHostName(reason.get('host')) };
    case 'stays':
      return { kind, why: reason.get('why').text() };
    case 'fenced':
      return { kind, from: reason.get('from').orNull(readHostName) };
    case 'found':
      return { kind };
    case 'nobody':
      return { kind, why: reason.get('why').text() };
    default:
      return null;
  }
}

function readChoice(reason: Field): Choice {
  return reason.get('choice').text() as Choice; // for people: a later version may know more of them
}

function readGrantedSet(entry: Field, grants: readonly Grant[]): GrantedSet {
  return { set: readSetName(entry.get('set')), grant: entry.get('grant').entryOf(grants) };
}

function readGrant(grant: Field): Grant {
  return { view: readViewId(grant.get('view')), n: grant.get('n').count() };
}

function readViewId(id: Field): ViewId {
  return { counter: id.get('counter').count(), leader: readMemberId(id.get('leader')) };
}

function readHostName(field: Field): HostName {
  return field.text() as HostName; // compared with the hosts of members before it counts
}

function readMemberId(field: Field): MemberId {
  return field.text() as MemberId; // compared with members of the view before it counts
}

/** A member that this one may never have heard of. */
function readRun(field: Field): MemberId {
  if (!/.\/[0-9a-f]{32}$/.test(field.text())) throw field.wrong();
  return readMemberId(field);
}

function readSetName(field: Field): SetName {
  return field.text() as SetName; // compared with the pool before it counts
}
