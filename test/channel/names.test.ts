import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressesIn, type NameService, namesFrom, systemNames } from '../../agent/channel/names.ts';
import { parseIpAddress } from '../../agent/wire/ip-address.ts';

const hosts = `127.0.0.1 localhost
# 192.0.2.1 edge.test
192.0.2.2\tn1.test n1 # edge.test
192.0.2.3   N1.Test.
2001:db8::3 n1.test
nonsense n1.test
192.0.2.4
`;

describe('addressesIn()', () => {
  it.each([
    ['n1.test', ['192.0.2.2', '192.0.2.3', '2001:db8::3']],
    ['n1.test.', ['192.0.2.2', '192.0.2.3', '2001:db8::3']],
    ['n1', ['192.0.2.2']],
    ['edge.test', []],
    ['192.0.2.4', []],
  ])('%s', (name, addresses) => expect(addressesIn(hosts, name)).toEqual(addresses));
});

describe('systemNames', () => {
  it('knows /etc/hosts', async () => {
    expect(await systemNames.lookUp('localhost', never)).toContain('127.0.0.1');
  });
});

const never = new AbortController().signal;
const records: Readonly<Record<string, readonly string[]>> = {
  'edge.test': ['192.0.2.7', '192.0.2.8', '2001:db8::7'],
  'v6.test': ['2001:db8::8'],
};

describe('namesFrom(): by DNS', () => {
  let server: Socket;
  let names: NameService;

  beforeAll(async () => {
    server = createSocket('udp4').on('message', (asked, { port, address }) => {
      const answer = answerTo(asked);
      if (answer !== null) server.send(answer, port, address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    names = namesFrom({ hostsFile: '/nonexistent', servers: [`127.0.0.1:${server.address().port}`] });
  });

  afterAll(() => server.close());

  it.each([
    ['edge.test', ['192.0.2.7', '192.0.2.8', '2001:db8::7']],
    ['edge.test.', ['192.0.2.7', '192.0.2.8', '2001:db8::7']],
    ['v6.test', ['2001:db8::8']],
  ])('%s', async (name, addresses) => {
    expect((await names.lookUp(name, never)).toSorted()).toEqual(addresses);
  });

  it('rejects a name that there is not', async () => {
    await expect(names.lookUp('gone.test', never)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('is called off at once where no server answers', async () => {
    const end = new AbortController();
    const looked = names.lookUp('hangs.test', end.signal);
    await once(server, 'message');
    end.abort();
    await expect(looked).rejects.toMatchObject({ code: 'ECANCELLED' });
    await expect(names.lookUp('edge.test', end.signal)).rejects.toThrow(/aborted/);
  });
});

/** RFC 1035 §4.1: the header, the question as it came, and a record for each address. Nothing for hangs.test. */
function answerTo(asked: Buffer): Buffer | null {
  const end = asked.indexOf(0, 12);
  const labels: string[] = [];
  for (let at = 12; at < end; at += (asked[at] ?? 0) + 1) {
    labels.push(asked.toString('latin1', at + 1, at + 1 + (asked[at] ?? 0)));
  }
  const name = labels.join('.');
  if (name === 'hangs.test') return null;
  const wantsIpv6 = asked.readUInt16BE(end + 1) === 28; // AAAA (RFC 3596 §2.1)
  const found = (records[name] ?? []).filter((address) => isIPv6(address) === wantsIpv6);
  const header = Buffer.from([asked[0] ?? 0, asked[1] ?? 0, 0x81, name in records ? 0x80 : 0x83, 0, 1]);
  const counts = Buffer.from([0, found.length, 0, 0, 0, 0]);
  const answers = found.map((address) => {
    const { bytes } = parseIpAddress(address) ?? { bytes: new Uint8Array() };
    return Buffer.concat([Buffer.from([0xc0, 12, 0, wantsIpv6 ? 28 : 1, 0, 1, 0, 0, 0, 30, 0, bytes.length]), bytes]);
  });
  return Buffer.concat([header, counts, asked.subarray(12, end + 5), ...answers]);
}
