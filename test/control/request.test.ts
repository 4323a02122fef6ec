import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../agent/control/request.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const kinds = 'status, balance, move, unpin, drain, undrain, freeze, thaw, abandon, reload, announce, restart';

describe('parseRequest()', () => {
  it.each(['status', 'balance', 'freeze', 'thaw', 'abandon', 'reload'] as const)('takes a %s request', (kind) => {
    expect(parseRequest(bytes(JSON.stringify({ kind })))).toEqual({ ok: true, request: { kind } });
  });

  it('takes an announce request with its sets', () => {
    const request = { kind: 'announce', sets: ['www'] };
    expect(parseRequest(bytes(JSON.stringify(request)))).toEqual({ ok: true, request });
  });

  it.each([
    { kind: 'move', set: 'www', host: 'e2' },
    { kind: 'unpin', set: 'www' },
    { kind: 'drain', host: null },
    { kind: 'undrain', host: 'e2' },
    { kind: 'restart', keepSeconds: 60 },
  ])('takes %j', (request) => {
    expect(parseRequest(bytes(JSON.stringify(request)))).toEqual({ ok: true, request });
  });

  it('takes a drain without a host as one of this host', () => {
    expect(parseRequest(bytes('{"kind":"drain"}'))).toEqual({ ok: true, request: { kind: 'drain', host: null } });
  });

  it('takes a line that ended in CR LF', () => {
    expect(parseRequest(bytes('{"kind":"status"}\r')).ok).toBe(true);
  });

  it.each([
    ['{"kind":"restart","keepSeconds":0}', '"keepSeconds" is 0, not a number from 1 to 600'],
    ['{"kind":"restart"}', '"keepSeconds" is missing, not a number from 1 to 600'],
    ['', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['status', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['null', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['[]', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['{}', `unknown kind missing: this agent answers ${kinds}`],
    ['{"kind":7}', `unknown kind 7: this agent answers ${kinds}`],
    ['{"kind":"toString"}', `unknown kind "toString": this agent answers ${kinds}`],
    [`{"kind":"${'x'.repeat(100)}"}`, `unknown kind "${'x'.repeat(39)}…: this agent answers ${kinds}`],
    ['{"kind":"move","set":7,"host":"e2"}', '"set" is 7, not a name'],
    ['{"kind":"move","set":"www"}', '"host" is missing, not a name'],
    ['{"kind":"unpin"}', '"set" is missing, not a name'],
    ['{"kind":"undrain","host":["e2"]}', '"host" is ["e2"], not a name'],
    ['{"kind":"freeze","host":"e2"}', 'unknown field "host" in a freeze request'],
    ['{"kind":"announce"}', '"sets" is missing, not a list of names'],
    ['{"kind":"announce","sets":["www",1]}', '"sets" is ["www",1], not a list of names'],
    ['{"kind":"status","set":"www"}', 'unknown field "set" in a status request'],
  ])('names what is wrong with %j', (line, error) => {
    expect(parseRequest(bytes(line))).toEqual({ ok: false, error });
  });

  it('names bytes that are not UTF-8', () => {
    expect(parseRequest(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({ ok: false, error: 'the request is not UTF-8' });
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (line) => {
        parseRequest(line);
      }),
    );
  });
});
