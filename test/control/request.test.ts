import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../agent/control/request.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseRequest()', () => {
  it.each(['status', 'balance'] as const)('takes a %s request', (kind) => {
    expect(parseRequest(bytes(JSON.stringify({ kind })))).toEqual({ ok: true, request: { kind } });
  });

  it('takes an announce request with its sets', () => {
    const request = { kind: 'announce', sets: ['www'] };
    expect(parseRequest(bytes(JSON.stringify(request)))).toEqual({ ok: true, request });
  });

  it('takes a line that ended in CR LF', () => {
    expect(parseRequest(bytes('{"kind":"status"}\r')).ok).toBe(true);
  });

  it.each([
    ['', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['status', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['null', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['[]', 'the request is not a JSON object on one line, such as {"kind":"status"}'],
    ['{}', 'unknown kind missing: this agent answers status, balance, announce'],
    ['{"kind":7}', 'unknown kind 7: this agent answers status, balance, announce'],
    ['{"kind":"toString"}', 'unknown kind "toString": this agent answers status, balance, announce'],
    [`{"kind":"${'x'.repeat(100)}"}`, `unknown kind "${'x'.repeat(39)}…: this agent answers status, balance, announce`],
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
