import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HostName, memberId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Message } from '../../agent/ownership/message.ts';
import { describeReason } from '../../agent/ownership/reason.ts';
import { decodeOwnershipMessage, encodeOwnershipMessage } from '../../agent/wire/ownership-message.ts';

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const e1 = memberId('e1' as HostName, '1'.repeat(32));
const e2 = memberId('e2' as HostName, '2'.repeat(32));
const grant = { view: { counter: 3, leader: e1 }, n: 2 };
const www = 'www' as SetName;

const messages: readonly Message[] = [
  {
    kind: 'report',
    host: 'e1' as HostName,
    pool: '00ff00ff00ff00ff',
    side: grant.view,
    holds: [
      { set: www, grant, pinned: true, tenure: { reason: { kind: 'move', from: null }, ageMs: 7 } },
      { set: www, grant, pinned: false },
    ],
    claiming: [www],
    releasing: [www],
    sets: [www],
    unable: [{ set: www, why: 'interface eth0 is down' }],
    mature: true,
    leaving: false,
    drained: true,
    abandoning: false,
    freeze: { frozen: true, changes: 3 },
    voters: ['e1' as HostName, 'e2' as HostName],
    flaps: [{ host: 'e2' as HostName, penalty: 2_345, damped: true }],
    waiting: [{ set: www, host: 'e2' as HostName, why: 'frozen' }],
    left: [{ set: www, member: memberId('e3' as HostName, '0'.repeat(32)) }],
  },
  {
    kind: 'decision',
    n: 2,
    assignments: [
      {
        set: www,
        owner: e1,
        grant,
        releasing: [e2],
        pinned: true,
        handover: 'break-before-make',
        reason: { kind: 'takeover', from: 'e3' as HostName, choice: 'least loaded' },
        ageMs: 0,
      },
      {
        set: www,
        owner: null,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'nobody', why: 'no member has reported yet' },
        ageMs: 5,
      },
      {
        set: www,
        owner: null,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'fenced', from: 'e3' as HostName },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'merge', others: ['e2' as HostName], choice: 'larger side' },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'handover', from: 'e2' as HostName, why: 'is leaving', choice: 'preferred' },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'found' },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'failback', from: 'e2' as HostName, choice: 'preferred' },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'move', from: null },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'move', from: 'e2' as HostName },
        ageMs: 5,
      },
      {
        set: www,
        owner: null,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'frozen', host: 'e2' as HostName },
        ageMs: 5,
      },
      {
        set: www,
        owner: null,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'frozen', host: null },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'returned', host: 'e1' as HostName },
        ageMs: 5,
      },
      {
        set: www,
        owner: null,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'abandoned', host: 'e2' as HostName },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        pinned: false,
        handover: 'make-before-break',
        reason: { kind: 'stays', why: 'there is no other host' },
        ageMs: 5,
      },
    ],
    answers: [
      { asker: e2, id: 1, refusal: null },
      { asker: e1, id: 2, refusal: 'the group is frozen' },
    ],
    freeze: { frozen: false, changes: 4 },
  },
  { kind: 'claimed', sets: [{ set: www, grant }] },
  { kind: 'released', sets: [{ set: www, grant }] },
  { kind: 'request', id: 9, command: { kind: 'balance' } },
  { kind: 'request', id: 10, command: { kind: 'move', set: www, host: 'e2' as HostName } },
  { kind: 'request', id: 11, command: { kind: 'unpin', set: www } },
  { kind: 'request', id: 12, command: { kind: 'drain', host: 'e2' as HostName } },
  { kind: 'request', id: 13, command: { kind: 'undrain', host: 'e2' as HostName } },
  { kind: 'request', id: 14, command: { kind: 'freeze' } },
  { kind: 'request', id: 15, command: { kind: 'thaw' } },
];

describe('decodeOwnershipMessage()', () => {
  it.each(messages.map((message) => [message.kind, message] as const))('gives back a %s', (_, message) => {
    expect(decodeOwnershipMessage(encodeOwnershipMessage(message))).toEqual(message);
  });

  it.each<[string, Uint8Array, string, string]>([
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe), 'not-utf8', ''],
    ['text that is no JSON', new TextEncoder().encode('{'), 'not-json', ''],
    ['a kind of a later version', text({ kind: 'sing' }), 'unknown-message', 'kind'],
    ['a missing field', text({ kind: 'released', grants: [] }), 'malformed-message', 'sets'],
    [
      'a wrong field deep inside',
      text({ kind: 'claimed', grants: [{ view: { counter: -1, leader: 'x' }, n: 1 }], sets: [{ set: 'a', grant: 0 }] }),
      'malformed-message',
      'grants[0].view.counter',
    ],
    [
      'a number of no grant',
      text({ kind: 'claimed', grants: [], sets: [{ set: 'a', grant: 0 }] }),
      'malformed-message',
      'sets[0].grant',
    ],
    ['a number where an object should be', text(7), 'malformed-message', ''],
  ])('names what is wrong with %s', (_, bytes, reason, at) => {
    expect(decodeOwnershipMessage(bytes)).toEqual({ kind: 'refused', reason, at });
  });

  it.each([4096])('fits %i sets with the longest names into one message of the channel', (count) => {
    const hosts = Array.from({ length: 64 }, (_, i) => memberId(`${'h'.repeat(60)}-${i}` as HostName, '1'.repeat(32)));
    const name = (i: number): SetName => `${'s'.repeat(58)}-${i}`.slice(0, 63) as SetName;
    const from = (i: number): HostName => `${'h'.repeat(60)}-${i % 64}` as HostName;
    const assignments = Array.from({ length: count }, (_, i) => ({
      set: name(i),
      owner: hosts[i % 64] ?? e1,
      grant: { view: { counter: 100 + (i % 64), leader: e1 }, n: i % 7 },
      releasing: [hosts[(i + 1) % 64] ?? e1],
      reason: { kind: 'balance', from: from(i), choice: 'least loaded' } as const,
      pinned: false,
      handover: 'make-before-break' as const,
      ageMs: 86_400_000 + i,
    }));
    const decision: Message = {
      kind: 'decision',
      n: 1,
      assignments,
      answers: [],
      freeze: { frozen: false, changes: 0 },
    };
    const bytes = encodeOwnershipMessage(decision);
    expect(bytes.length).toBeLessThan(1024 * 1024);
    expect(decodeOwnershipMessage(bytes)).toEqual(decision);
  });

  it('ignores fields that it does not know', () => {
    expect(decodeOwnershipMessage(text({ kind: 'released', grants: [], sets: [], later: true }))).toEqual({
      kind: 'released',
      sets: [],
    });
  });

  it('hands on what a later version says of reasons and of a freeze, as it came', () => {
    const reasons = [
      { kind: 'sung', by: 'e2', verses: [1, 2] },
      { kind: 'move', from: null, operator: 'ann' },
      { kind: 'balance', from: 'e1', choice: 'nearest' },
    ];
    const freeze = { frozen: true, changes: 3, until: 'noon' };
    const sets = ['a', 'b', 'c'];
    const assignments = sets.map((set, at) => ({ set, owner: 0, grant: 0, reason: at, ageMs: 1 }));
    const decision = {
      kind: 'decision',
      n: 1,
      members: [e1],
      grants: [grant],
      reasons,
      assignments,
      answers: [],
      freeze,
    };
    const decoded = decodeOwnershipMessage(text(decision));
    if (decoded.kind !== 'decision') throw new Error(`it is ${decoded.kind}`);
    expect(decoded.assignments.map(({ reason }) => describeReason(reason))).toEqual([
      'for a reason that only a later version knows: sung',
      'moved here by an operator',
      'balanced: moved from e1; nearest',
    ]);
    const holds = decoded.assignments.map(({ set, grant, reason }) => {
      return { set, grant, pinned: false, tenure: { reason, ageMs: 2 } };
    });
    const [report] = messages;
    if (report?.kind !== 'report') throw new Error('the first is a report');
    const told: Message = { ...report, holds, freeze: decoded.freeze };
    expect(JSON.parse(new TextDecoder().decode(encodeOwnershipMessage(told)))).toMatchObject({ reasons, freeze });
    expect(decodeOwnershipMessage(encodeOwnershipMessage(told))).toEqual(told);
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeOwnershipMessage(bytes)));
    fc.assert(fc.property(fc.jsonValue(), (value) => void decodeOwnershipMessage(text(value))));
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.string(), fc.jsonValue(), (message, key, value) => {
        const keys = Object.keys(message);
        const changed = { ...message, [keys[key.length % keys.length] ?? 'kind']: value };
        void decodeOwnershipMessage(text(changed));
      }),
    );
  });
});
