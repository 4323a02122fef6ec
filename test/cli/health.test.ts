import { describe, expect, it } from 'vitest';
import { findTroubles, membersExitCode, statusExitCode } from '../../agent/cli/health.ts';
import type { MemberStatus, SetStatus, Status } from '../../agent/control/protocol.ts';
import { memberStatus, now, pool, sampleStatus, secondsAgo, setStatus } from './sample-status.ts';

function judge(change: Partial<Status>): [number, string[]] {
  const troubles = findTroubles(sampleStatus(change), now);
  return [statusExitCode(troubles), troubles.map((trouble) => `${trouble.severity}: ${trouble.text}`)];
}

function withSet(change: Partial<SetStatus>, state: Status['state'] = 'settled'): Partial<Status> {
  return { state, sets: [setStatus('www', change)] };
}

function withHost(change: Partial<MemberStatus>): Partial<Status> {
  return { members: [memberStatus('e1'), memberStatus('e2'), memberStatus('e3', change)] };
}

const lostPaths: MemberStatus['paths'] = [
  { address: '10.1.0.3', lastHeardMsAgo: 40, lost: false },
  { address: '10.2.0.3', lastHeardMsAgo: 3_000, lost: true },
  { address: '10.3.0.3', lastHeardMsAgo: null, lost: true },
];

describe('statusExitCode()', () => {
  it('is 0 with nothing to say where every set is held by its owner and every host is there', () => {
    expect(judge({})).toEqual([0, []]);
  });

  const twice = { owner: 'e2', heldBy: ['e1', 'e2'] };
  const elsewhere = { owner: 'e2', heldBy: ['e1'] };
  it.each<[string, number, Partial<Status>, string[]]>([
    [
      'nobody owns a set',
      2,
      withSet({ owner: null, reason: 'every host is draining' }),
      ['uncovered: www: held by nobody: every host is draining'],
    ],
    [
      'the owner is still asking whether another station has it',
      2,
      withSet({ owner: 'e2', heldBy: [], claimedBy: ['e2'] }, 'moving'),
      ['uncovered: www: held by nobody: e2 is claiming it'],
    ],
    [
      'the owner has not claimed yet and nobody else holds it, though it moves',
      2,
      withSet({ owner: 'e2', heldBy: [], since: secondsAgo(0) }, 'moving'),
      ['uncovered: www: held by nobody: e2 has not claimed it yet'],
    ],
    [
      'a minority',
      1,
      { quorum: { present: 1, voters: 3, needed: 2 } },
      ['degraded: This side is a minority: 1 of 3 hosts, 2 are needed, so that it holds nothing'],
    ],
    [
      'an isolated host',
      1,
      { isolated: true },
      ['degraded: This host is isolated: it hears no other and no witness address answers, so that it holds nothing'],
    ],
    [
      'the group is frozen',
      1,
      { frozen: true },
      ['degraded: The group is frozen: nothing is moved or touched, whatever fails'],
    ],
    [
      'a host flaps, which is dealt with',
      0,
      withHost({ damping: { penalty: 2_345, until: secondsAgo(-1_500) } }),
      [
        'note: e3 is damped: it left too often without a word, and gets no set that another may have for 25 min more (penalty 2345)',
      ],
    ],
    ['a host left once', 0, withHost({ damping: { penalty: 990, until: null } }), []],
    [
      'a host is drained, which is as it should be',
      0,
      withHost({ drained: true }),
      ['note: e3 is drained: it takes no sets until `holdfast undrain`'],
    ],
    ['two hold a set at rest', 2, withSet(twice), ['uncovered: www: held by e1 and e2 at once']],
    [
      'two hold a set for longer than any handover takes',
      2,
      withSet({ ...twice, since: secondsAgo(10.001) }, 'moving'),
      ['uncovered: www: held by e1 and e2 at once'],
    ],
    ['two hold a set in a handover', 0, withSet({ ...twice, since: secondsAgo(10) }, 'moving'), []],
    ['the old owner holds a set that moves', 0, withSet({ ...elsewhere, since: secondsAgo(1) }, 'moving'), []],
    ['the wrong host holds a set at rest', 1, withSet(elsewhere), ['degraded: www: held by e1, decided for e2']],
    [
      "a host holds a set that is nobody's",
      1,
      withSet({ owner: null, heldBy: ['e1'] }),
      ['degraded: www: held by e1, but that is not decided'],
    ],
    [
      'a held set has a problem',
      1,
      withSet({ problem: 'cannot add 192.0.2.1/24: ENODEV' }),
      ['degraded: www: cannot add 192.0.2.1/24: ENODEV'],
    ],
    ['this host failed to claim', 1, withSet({ here: 'failed' }), ['degraded: www: this host could not claim it']],
    [
      'a host is absent',
      1,
      withHost({ state: 'absent' }),
      ['degraded: e3 is absent: it is down, cut off, or its agent does not run'],
    ],
    [
      'a host is silent',
      1,
      withHost({ state: 'silent', paths: [{ address: '10.1.0.3', lastHeardMsAgo: 800, lost: false }] }),
      ['degraded: e3 is silent: last heard 800 ms ago'],
    ],
    [
      'a host does not hear us',
      1,
      withHost({ state: 'one-way' }),
      ['degraded: e3 is heard but does not hear this host: a firewall or a link that carries one direction only'],
    ],
    ['a host is joining', 0, withHost({ state: 'joining' }), []],
    ['a host is leaving politely', 0, withHost({ state: 'leaving' }), []],
    [
      'paths of a host are lost while another carries',
      1,
      withHost({ paths: lostPaths }),
      [
        'degraded: e3 is not heard on 10.2.0.3 (silent for 3 s), 10.3.0.3 (never heard): its heartbeats have less redundancy than configured',
      ],
    ],
    ['a host with lost paths is joining', 0, withHost({ state: 'joining', paths: lostPaths }), []],
    [
      'the agent is starting',
      1,
      { state: 'starting' },
      ['degraded: This agent is starting: it waits for the other hosts'],
    ],
    ['the agent is leaving', 1, { state: 'leaving' }, ['degraded: This agent is leaving the group']],
    [
      'the channel is lost',
      1,
      { state: 'lost', view: null },
      [
        'degraded: This agent has lost its membership channel: it claims nothing, and what it says of other hosts is old',
      ],
    ],
    [
      'a host is upgraded before the others',
      0,
      { members: [memberStatus('e1'), memberStatus('e2', { level: 2 }), memberStatus('e3')] },
      ['note: The group speaks level 1; e2 could level 2: it rises when every host is upgraded'],
    ],
    [
      'messages were not understood',
      0,
      { passedOver: { counts: { 'unknown-message': 2 }, from: { 'unknown-message': 'e2' } } },
      ['note: 2 messages of members not understood since the agent started: unknown-message, the last from e2'],
    ],
    [
      'frames were refused and something was said once',
      0,
      {
        channel: {
          engine: 'built-in',
          level: 1,
          peers: [],
          refused: { 'wrong-key': 1, 'too-short': 0 },
          refusedFrom: { 'wrong-key': '10.9.9.9' },
          notices: ['no SCHED_RR'],
        },
      },
      ['note: 1 frame refused since the agent started: wrong-key, the last from 10.9.9.9', 'note: no SCHED_RR'],
    ],
  ])('where %s: %i', (_, code, change, texts) => {
    expect(judge(change)).toEqual([code, texts]);
  });
});

describe('findTroubles()', () => {
  it('puts the worst first', () => {
    const [code, texts] = judge({ ...withHost({ state: 'absent' }), sets: [setStatus('www', { heldBy: [] })] });
    expect([code, texts.map((text) => text.split(':')[0])]).toEqual([2, ['uncovered', 'degraded']]);
  });

  it('gives sets with the same trouble one line', () => {
    const sets = pool(200).map((set) => ({ ...set, owner: null, heldBy: [], reason: 'not mature' }));
    expect(judge({ sets })[1]).toEqual(['uncovered: edge-001..edge-200: held by nobody: not mature']);
  });

  it('says of an absent host that its frames are refused, where they are', () => {
    const channel = {
      engine: 'built-in' as const,
      level: 1,
      peers: [],
      refused: { 'wrong-key': 3 },
      refusedFrom: { 'wrong-key': '10.1.0.3' },
      notices: [],
    };
    const troubles = findTroubles(sampleStatus({ ...withHost({ state: 'absent' }), channel }), now);
    expect(troubles[0]).toEqual({
      severity: 'degraded',
      text: 'e3 is absent: what it sends is refused (wrong-key)',
      advice: ['on e3 and here: compare group and key file'],
    });
  });
});

describe('membersExitCode()', () => {
  it.each<[number, string, Partial<Status>]>([
    [0, 'every host is a member, whatever the sets', { sets: [setStatus('www', { owner: null })] }],
    [1, 'one is joining', withHost({ state: 'joining' })],
    [1, 'one is absent', withHost({ state: 'absent' })],
    [1, 'a path is lost', withHost({ paths: lostPaths })],
    [1, 'there is no view', { view: null }],
  ])('is %i where %s', (code, _, change) => expect(membersExitCode(sampleStatus(change))).toBe(code));
});
