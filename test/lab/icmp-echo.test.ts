import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { echoRequest, type Family, readReply, setSequence } from '../../agent/lab/icmp-echo.ts';

const families: readonly Family[] = [4, 6];

/** What a host makes of a request: the same bytes with the type of a reply, for IPv4 behind an IP header. */
function answered(family: Family, request: Uint8Array): Uint8Array {
  const header = family === 4 ? [0x45, ...new Array<number>(19).fill(0)] : [];
  const reply = Uint8Array.from([...header, ...request]);
  reply[header.length] = family === 4 ? 0 : 129;
  return reply;
}

describe('readReply()', () => {
  it.each(families)('gives the tag of the request back (IPv%i)', (family) => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(word, word, word, (run, target, sequence) => {
        const request = echoRequest(family, run, target);
        setSequence(request, family, sequence);
        expect(readReply(family, answered(family, request))).toEqual({ run, target, sequence });
      }),
    );
  });

  it.each(families)('never throws (IPv%i)', (family) => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void readReply(family, bytes)));
  });
});

describe('setSequence()', () => {
  it('writes a checksum that makes the sum over the message all ones (RFC 1071)', () => {
    const request = echoRequest(4, 0xdeadbeef, 3);
    setSequence(request, 4, 70_000);
    let sum = 0;
    for (let at = 0; at < request.length; at += 2) sum += ((request[at] ?? 0) << 8) | (request[at + 1] ?? 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff);
  });
});
