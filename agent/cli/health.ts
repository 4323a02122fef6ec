/**
 * What is not as it should be, from one status: the published meaning of `status`'s exit code (docs/operating.md).
 * uncovered: a set is held by nobody or twice. degraded: every set is held once, but something is wrong. note: worth
 * knowing, changes nothing.
 */
import type { PathStatus } from '../channel/channel.ts';
import type { MemberStatus, SetStatus, Status } from '../control/protocol.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatElapsed } from './elapsed.ts';
import { nameRanges } from './name-ranges.ts';
import { count } from './text.ts';

export type Trouble = {
  readonly severity: 'uncovered' | 'degraded' | 'note';
  readonly text: string;
  /** What to try, one step each. */
  readonly advice: readonly string[];
};

export type SetHealth =
  | 'held'
  | 'held by a silent host'
  | 'moving'
  | 'held by nobody'
  | 'held twice'
  | 'held elsewhere'
  | 'problem';

/** A handover takes milliseconds; what takes longer than this is not one any more, whatever the agent calls it. */
const handoverMsMax = 10_000;

/** Worst first. */
export function findTroubles(status: Status, now: Date): readonly Trouble[] {
  const troubles = [
    ...agentTroubles(status),
    ...frozenTroubles(status),
    ...isolationTroubles(status),
    ...minorityTroubles(status),
    ...setTroubles(status, now),
    ...hostTroubles(status),
    ...pathTroubles(status),
    ...notes(status, now),
  ];
  const order = ['uncovered', 'degraded', 'note'];
  return troubles.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

export function statusExitCode(troubles: readonly Trouble[]): ExitCode {
  if (troubles.some((trouble) => trouble.severity === 'uncovered')) return exitCodes.uncovered;
  if (troubles.some((trouble) => trouble.severity === 'degraded')) return exitCodes.degraded;
  return exitCodes.ok;
}

/** `members`: 1 where a host of the file is not in the view, or a path to one is lost. */
export function membersExitCode(status: Status): ExitCode {
  const complete = status.members.every((member) => member.state === 'member' && lostPaths(member).length === 0);
  return complete && status.view !== null ? exitCodes.ok : exitCodes.degraded;
}

export function setHealth(set: SetStatus, status: Status, now: Date): SetHealth {
  const [holder, ...others] = set.heldBy;
  if (holder === undefined) return set.answeredBy === null ? 'held by nobody' : 'held by a silent host';
  const decidedMs = set.since === null ? 0 : now.getTime() - Date.parse(set.since);
  const moving = status.state === 'moving' && decidedMs <= handoverMsMax;
  if (others.length > 0) return moving ? 'moving' : 'held twice';
  if (set.problem !== null || set.here === 'failed') return 'problem';
  if (set.owner !== holder) return moving ? 'moving' : 'held elsewhere';
  return 'held';
}

/** Another station has or claims an address of it. An agent of an earlier version, while one is upgraded, says nothing of it. */
export function isConflicted({ conflict }: SetStatus): boolean {
  return conflict != null;
}

function agentTroubles(status: Status): Trouble[] {
  switch (status.state) {
    case 'lost':
      return [
        {
          severity: 'degraded',
          text: 'This agent has lost its membership channel: it claims nothing, and what it says of other hosts is old',
          advice: ['on this host: journalctl -u holdfast'],
        },
      ];
    case 'starting':
      return [{ severity: 'degraded', text: 'This agent is starting: it waits for the other hosts', advice: [] }];
    case 'leaving':
      return [{ severity: 'degraded', text: 'This agent is leaving the group', advice: [] }];
    case 'settled':
    case 'moving':
      return [];
  }
}

/** Nothing is wrong, but nothing would be put right either. */
function frozenTroubles(status: Status): Trouble[] {
  if (!status.frozen) return [];
  const text = 'The group is frozen: nothing is moved or touched, whatever fails';
  return [{ severity: 'degraded', text, advice: ['on any host, when it is time: holdfast thaw'] }];
}

function isolationTroubles({ isolated }: Status): Trouble[] {
  if (!isolated) return [];
  const text = 'This host is isolated: it hears no other and no witness address answers, so that it holds nothing';
  const advice = ['on this host: ip link, ip neighbour', 'on another: holdfast status'];
  return [{ severity: 'degraded', text, advice }];
}

function minorityTroubles({ quorum }: Status): Trouble[] {
  if (quorum === null || quorum.present >= quorum.needed) return [];
  const { present, voters, needed } = quorum;
  const text = `This side is a minority: ${present} of ${voters} hosts, ${needed} are needed, so that it holds nothing`;
  return [{ severity: 'degraded', text, advice: ['on a host of the other side: holdfast status'] }];
}

/** Sets with the same trouble share a line: a pool of 200 fails for one reason. */
function setTroubles(status: Status, now: Date): Trouble[] {
  const groups = new Map<string, { trouble: Trouble; names: string[] }>();
  for (const set of status.sets) {
    const trouble = setTrouble(set, setHealth(set, status, now));
    if (trouble === null) continue;
    const group = groups.get(trouble.text) ?? { trouble, names: [] };
    group.names.push(set.name);
    groups.set(trouble.text, group);
  }
  return [...groups.values()].map(({ trouble, names }) => ({
    ...trouble,
    text: `${nameRanges(names)}: ${trouble.text}`,
  }));
}

function setTrouble(set: SetStatus, health: SetHealth): Trouble | null {
  const problem = set.problem === null ? '' : `: ${set.problem}`;
  switch (health) {
    case 'held by a silent host':
      return {
        severity: 'degraded',
        text: `held by ${set.answeredBy}, which is silent but answers for it: not taken over before it stops`,
        advice: [`on ${set.answeredBy}: systemctl status holdfast`, "between the hosts: let the membership's UDP pass"],
      };
    case 'held by nobody':
      return {
        severity: 'uncovered',
        text:
          set.owner === null
            ? `held by nobody: ${set.problem ?? set.reason}`
            : `held by nobody: ${set.owner} ${set.claimedBy.includes(set.owner) ? 'is claiming it' : 'has not claimed it yet'}${problem}`,
        advice: [],
      };
    case 'held twice':
      return {
        severity: 'uncovered',
        text: `held by ${set.heldBy.join(' and ')} at once${problem}`,
        advice: [`on ${set.heldBy.join(' and ')}: ip address show, journalctl -u holdfast`],
      };
    case 'held elsewhere':
      return {
        severity: 'degraded',
        text: `held by ${set.heldBy.join(', ')}, ${set.owner === null ? 'but that is not decided' : `decided for ${set.owner}`}${problem}`,
        advice: [`on ${set.owner ?? 'this host'}: journalctl -u holdfast`],
      };
    case 'problem':
      return {
        severity: 'degraded',
        text: set.problem ?? 'this host could not claim it',
        advice: ['on this host: journalctl -u holdfast'],
      };
    case 'held':
    case 'moving':
      return null;
  }
}

function hostTroubles(status: Status): Trouble[] {
  return status.members.flatMap((member): Trouble[] => {
    const refused = refusedReason(member, status);
    if (refused !== null && member.state !== 'member') {
      return [
        {
          severity: 'degraded',
          text: `${member.host} is ${member.state}: what it sends is refused (${refused})`,
          advice: [`on ${member.host} and here: compare group and key file`],
        },
      ];
    }
    const trouble = stateTrouble(member);
    return trouble === null ? [] : [trouble];
  });
}

function stateTrouble(member: MemberStatus): Trouble | null {
  const { host } = member;
  switch (member.state) {
    case 'absent':
      return {
        severity: 'degraded',
        text: `${host} is absent: it is down, cut off, or its agent does not run`,
        advice: [`on ${host}: systemctl status holdfast`],
      };
    case 'silent':
      return {
        severity: 'degraded',
        text: `${host} is silent: ${lastHeard(member)}`,
        advice: [`on ${host}: systemctl status holdfast`],
      };
    case 'one-way':
      return {
        severity: 'degraded',
        text: `${host} is heard but does not hear this host: a firewall or a link that carries one direction only`,
        advice: [
          `on ${host} and between: let UDP pass from this host's paths to ${member.paths.map((path) => path.address).join(', ') || host}`,
        ],
      };
    case 'member':
    case 'joining':
    case 'leaving':
      return null;
  }
}

function lastHeard(member: MemberStatus): string {
  const heard = member.paths.flatMap((path) => (path.lastHeardMsAgo === null ? [] : [path.lastHeardMsAgo]));
  return heard.length === 0 ? 'never heard' : `last heard ${formatElapsed(Math.min(...heard))} ago`;
}

/** A host that is heard on one path and not on another: the next failure finds no redundancy. */
function pathTroubles(status: Status): Trouble[] {
  return status.members.flatMap((member): Trouble[] => {
    const lost = lostPaths(member);
    const [first] = lost;
    if (first === undefined) return [];
    return [
      {
        severity: 'degraded',
        text: `${member.host} is not heard on ${lost.map(describeLost).join(', ')}: its heartbeats have less redundancy than configured`,
        advice: [`on this host: ping ${first.address}`],
      },
    ];
  });
}

function lostPaths(member: MemberStatus): readonly PathStatus[] {
  return member.state === 'member' ? member.paths.filter(({ lost }) => lost) : [];
}

function describeLost({ address, lastHeardMsAgo }: PathStatus): string {
  return `${address} (${lastHeardMsAgo === null ? 'never heard' : `silent for ${formatElapsed(lastHeardMsAgo)}`})`;
}

/** It gets no sets that another may have. */
export function isDamped({ damping }: MemberStatus): boolean {
  return damping !== null && damping.until !== null;
}

/** One sentence; none where it is not damped. */
export function describeDamping({ host, damping }: MemberStatus, now: Date): readonly string[] {
  if (damping === null || damping.until === null) return [];
  const remaining = formatElapsed(Date.parse(damping.until) - now.getTime());
  return [
    `${host} is damped: it left too often without a word, and gets no set that another may have for ${remaining} more (penalty ${damping.penalty})`,
  ];
}

/** One sentence; none where nobody could do more than the group does. */
export function describeLevel({ view, members }: Status): readonly string[] {
  if (view === null) return [];
  const ahead = members.flatMap(({ host, level }) => (level !== null && level > view.level ? [{ host, level }] : []));
  if (ahead.length === 0) return [];
  const could = ahead.map(({ host, level }) => `${host} could level ${level}`).join(', ');
  return [`The group speaks level ${view.level}; ${could}: it rises when every host is upgraded`];
}

function notes(status: Status, now: Date): Trouble[] {
  const refused = Object.entries(status.channel.refused).filter(([, frames]) => frames > 0);
  const drained = status.members.filter((member) => member.drained).map(({ host }) => host);
  const undrain = 'takes no sets until `holdfast undrain`';
  return [
    ...describeLevel(status),
    ...drained.map((host) => `${host} is drained: it ${undrain}`),
    ...status.members.flatMap((member) => describeDamping(member, now)),
    ...refused.map(([reason, frames]) => {
      const from = status.channel.refusedFrom[reason];
      const whence = from === undefined ? '' : `, the last from ${from}`;
      return `${count(frames, 'frame')} refused since the agent started: ${reason}${whence}`;
    }),
    ...Object.entries(status.passedOver.counts).map(
      ([reason, messages]) =>
        `${count(messages, 'message')} of members not understood since the agent started: ${reason}, the last from ${status.passedOver.from[reason]}`,
    ),
    ...status.channel.notices,
  ].map((text): Trouble => ({ severity: 'note', text, advice: [] }));
}

/** Why the newest frame from one of the member's addresses was refused, if one was. */
function refusedReason(member: MemberStatus, status: Status): string | null {
  const addresses = member.paths.map((path) => path.address);
  const found = Object.entries(status.channel.refusedFrom).find(([, from]) => addresses.includes(from));
  return found?.[0] ?? null;
}
