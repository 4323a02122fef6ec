import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HostName, memberId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Message } from '../../agent/ownership/message.ts';
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
    previous: { id: grant.view, size: 2 },
    holds: [{ set: www, grant }],
    sets: [www],
    unable: [{ set: www, why: 'interface eth0 is down' }],
    mature: true,
    leaving: false,
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
        reason: { kind: 'takeover', from: 'e3' as HostName, choice: 'least loaded' },
        ageMs: 0,
      },
      {
        set: www,
        owner: null,
        grant,
        releasing: [],
        reason: { kind: 'nobody', why: 'no member has reported yet' },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        reason: { kind: 'merge', others: ['e2' as HostName], choice: 'larger side' },
        ageMs: 5,
      },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        reason: { kind: 'handover', from: 'e2' as HostName, why: 'is leaving', choice: 'preferred' },
        ageMs: 5,
      },
      { set: www, owner: e1, grant, releasing: [], reason: { kind: 'found' }, ageMs: 5 },
      {
        set: www,
        owner: e1,
        grant,
        releasing: [],
        reason: { kind: 'failback', from: 'e2' as HostName, choice: 'preferred' },
        ageMs: 5,
      },
    ],
    answers: [{ asker: e2, id: 1 }],
  },
  { kind: 'claimed', sets: [{ set: www, grant }] },
  { kind: 'released', sets: [www] },
  { kind: 'balance', id: 9 },
];

describe('decodeOwnershipMessage()', () => {
  it.each(messages.map((message) => [message.kind, message] as const))('gives back a %s', (_, message) => {
    expect(decodeOwnershipMessage(encodeOwnershipMessage(message))).toEqual(message);
  });

  it.each<[string, Uint8Array, string, string]>([
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe), 'not-utf8', ''],
    ['text that is no JSON', new TextEncoder().encode('{'), 'not-json', ''],
    ['a kind of a later version', text({ kind: 'sing' }), 'unknown-message', 'kind'],
    ['a missing field', text({ kind: 'released' }), 'malformed-message', 'sets'],
    [
      'a wrong field deep inside',
      text({ kind: 'claimed', sets: [{ set: 'a', grant: { view: { counter: -1, leader: 'x' }, n: 1 } }] }),
      'malformed-message',
      'sets[0].grant.view.counter',
    ],
    ['a number where an object should be', text(7), 'malformed-message', ''],
  ])('names what is wrong with %s', (_, bytes, reason, at) => {
    expect(decodeOwnershipMessage(bytes)).toEqual({ kind: 'refused', reason, at });
  });

  it('ignores fields that it does not know', () => {
    expect(decodeOwnershipMessage(text({ kind: 'balance', id: 9, later: true }))).toEqual({ kind: 'balance', id: 9 });
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
