import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dissect } from './dissect.ts';
import { type KernelHost, macs, openCable, startKernelHost } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;
let host: KernelHost;

beforeEach(async () => {
  cable = await openCable();
  host = await startKernelHost(cable.a);
});

afterEach(async () => {
  await cable.close();
});

const vip4 = { family: 4, address: '10.0.0.10' } as const;
const vip6 = { family: 6, address: 'fd00::10' } as const;

describe('Arping.announce', () => {
  it('Arping.announce(): tshark reads a request and a reply, and an advertisement, all well-formed', async () => {
    const eth0 = await host.linkNamed('eth0');
    const fields = [
      'eth.src',
      'eth.dst',
      'arp.opcode',
      'arp.isgratuitous',
      'arp.dst.hw_mac',
      'arp.src.proto_ipv4',
      'arp.dst.proto_ipv4',
    ] as const;
    const neighbour = [
      'ipv6.dst',
      'ipv6.hlim',
      'icmpv6.type',
      'icmpv6.nd.na.target_address',
      'icmpv6.nd.na.flag.r',
      'icmpv6.nd.na.flag.s',
      'icmpv6.nd.na.flag.o',
      'icmpv6.opt.target_linkaddr',
      'icmpv6.checksum.status',
    ] as const;
    const { frames, complaints } = await dissect(
      cable.b,
      'arp or (icmp6 and dst ff02::1)',
      [...fields, ...neighbour],
      () => host.call('announce', eth0, [vip4, vip6]),
    );
    expect(complaints).toBe('');
    expect(frames).toEqual([
      expect.objectContaining({
        'eth.src': macs.a,
        'eth.dst': 'ff:ff:ff:ff:ff:ff',
        'arp.opcode': '1',
        'arp.isgratuitous': expect.stringMatching(/^(1|True)$/),
        'arp.dst.hw_mac': '00:00:00:00:00:00',
        'arp.src.proto_ipv4': '10.0.0.10',
        'arp.dst.proto_ipv4': '10.0.0.10',
      }),
      expect.objectContaining({
        'eth.src': macs.a,
        'eth.dst': '33:33:00:00:00:01',
        'ipv6.dst': 'ff02::1',
        'ipv6.hlim': '255',
        'icmpv6.type': '136',
        'icmpv6.nd.na.target_address': 'fd00::10',
        'icmpv6.nd.na.flag.r': expect.stringMatching(/^(0|False)$/),
        'icmpv6.nd.na.flag.s': expect.stringMatching(/^(0|False)$/),
        'icmpv6.nd.na.flag.o': expect.stringMatching(/^(1|True)$/),
        'icmpv6.opt.target_linkaddr': macs.a,
        'icmpv6.checksum.status': '1',
      }),
      expect.objectContaining({
        'eth.dst': 'ff:ff:ff:ff:ff:ff',
        'arp.opcode': '2',
        'arp.isgratuitous': expect.stringMatching(/^(1|True)$/),
        'arp.dst.hw_mac': macs.a,
        'arp.src.proto_ipv4': '10.0.0.10',
      }),
    ]);
  });

  it("Arping.announce(): a client's stale entries are overwritten", async () => {
    await cable.b.ip([
      'neigh add 10.0.0.10 lladdr 02:00:00:00:00:99 dev eth0 nud stale',
      'neigh add fd00::10 lladdr 02:00:00:00:00:99 dev eth0 nud stale',
    ]);
    const client = await startKernelHost(cable.b);
    await host.call('announce', await host.linkNamed('eth0'), [vip4, vip6]);
    // Frames are handled in the order they came: when the answer to this probe is there, both announcements were read.
    await client.call('probe', await client.linkNamed('eth0'), { family: 4, address: '10.0.0.1' }, 1000);
    const entries = await client.ipJson('neigh', 'show', 'dev', 'eth0');
    const macOf = (address: string) => entries.find(({ dst }) => dst === address)?.lladdr;
    expect([macOf('10.0.0.10'), macOf('fd00::10')]).toEqual([macs.a, macs.a]);
  });

  it('Arping.announce(): a link that is down is an error as a value, and goes on when it is up again', async () => {
    const eth0 = await host.linkNamed('eth0');
    await cable.a.ip(['link set eth0 down']);
    expect(await host.call('announce', eth0, [vip4])).toMatchObject([
      { name: 'ArpingError', code: 'ENETDOWN', message: 'Cannot announce 10.0.0.10 on eth0: ENETDOWN' },
    ]);
    await cable.a.ip(['link set eth0 up']);
    await host.event('link', ({ kind, value }) => kind === 'changed' && value.up && value.carrier);
    expect(await host.call('announce', eth0, [vip4])).toEqual([null]);
    expect(await host.call('announce', { ...eth0, index: 99, name: 'gone0' }, [vip4])).toMatchObject([
      { message: expect.stringMatching(/^Cannot announce 10\.0\.0\.10 on gone0: (ENXIO|ENODEV)$/) },
    ]);
  });
});

describe('Arping.probe', () => {
  it.each([
    ['10.0.0.2', 4],
    ['fd00::2', 6],
  ] as const)('Arping.probe(): finds who has %s', async (address, family) => {
    const eth0 = await host.linkNamed('eth0');
    expect(await host.call('probe', eth0, { family, address }, 3000)).toEqual({ kind: 'answered', mac: macs.b });
  });

  it.each([vip4, vip6])('Arping.probe(): nobody has $address', async (vip) => {
    const eth0 = await host.linkNamed('eth0');
    expect(await host.call('probe', eth0, vip, 300)).toEqual({ kind: 'silent' });
  });

  it("Arping.probe(): changes nobody's cache, and tshark finds it well-formed", async () => {
    const eth0 = await host.linkNamed('eth0');
    const fields = [
      'arp.opcode',
      'arp.isprobe',
      'arp.src.proto_ipv4',
      'ipv6.src',
      'icmpv6.nd.ns.target_address',
    ] as const;
    const { frames, complaints } = await dissect(cable.b, 'arp or icmp6', fields, async () => {
      await host.call('probe', eth0, vip4, 100);
      await host.call('probe', eth0, vip6, 100);
    });
    expect(complaints).toBe('');
    expect(frames.filter((frame) => frame['arp.src.proto_ipv4'] === '0.0.0.0')).toHaveLength(3);
    const solicitations = frames.filter((frame) => frame['icmpv6.nd.ns.target_address'] === 'fd00::10');
    expect(solicitations.map((frame) => frame['ipv6.src'])).toEqual(['::', '::', '::']);
    const entries = await host.namespace
      .run(['true'])
      .then(() => cable.b.run(['ip', '-j', 'neigh', 'show', 'dev', 'eth0']));
    expect(entries).not.toContain(macs.a);
  });

  it('Arping.probe(): from an address of its own, a holder answers to it alone and not to all nodes', async () => {
    const eth0 = await host.linkNamed('eth0');
    const asked = { family: 6, address: 'fd00::2' } as const;
    const fields = ['ipv6.src', 'ipv6.dst', 'icmpv6.nd.na.target_address'] as const;
    const { frames, complaints } = await dissect(cable.b, 'icmp6', fields, async () => {
      expect(await host.call('probe', eth0, asked, 3000, 'fd00::1')).toEqual({ kind: 'answered', mac: macs.b });
    });
    expect(complaints).toBe('');
    const answers = frames.filter((frame) => frame['icmpv6.nd.na.target_address'] === 'fd00::2');
    expect(new Set(answers.map((frame) => frame['ipv6.dst']))).toEqual(new Set(['fd00::1']));
  });

  it('Arping.probe(): many at once keep to a rate for ports with ARP inspection, announcements included, and each is asked', async () => {
    const slow = await startKernelHost(cable.a, { framesPerSecond: 10 });
    const eth0 = await host.linkNamed('eth0');
    const fields = ['frame.time_relative', 'arp.dst.proto_ipv4', 'arp.isgratuitous'] as const;
    const asked = Array.from({ length: 9 }, (_, at) => `10.0.0.${20 + at}`);
    const { frames } = await dissect(cable.b, 'arp', fields, async () => {
      await slow.call('startAnnouncing', 'www', [{ ...vip4, link: eth0 }]);
      await Promise.all(asked.map((address) => slow.call('probe', eth0, { family: 4, address }, 50)));
    });
    expect([...new Set(frames.map((frame) => frame['arp.dst.proto_ipv4']))].sort()).toEqual([vip4.address, ...asked]);
    const times = frames.map((frame) => Number(frame['frame.time_relative']));
    const inSecondFrom = (from: number) => times.filter((time) => time >= from && time < from + 1).length;
    expect(Math.max(...times.map(inSecondFrom))).toBeLessThan(15);
  });

  // The kernel waits for 8 ms and more where one is closed, and there are many questions in a takeover.
  it('Arping.probe(): opens its sockets once, and closes none', async () => {
    const eth0 = await host.linkNamed('eth0');
    const sockets = async () => {
      await Promise.all([vip4, vip6].map((vip) => host.call('probe', eth0, vip, 30)));
      return (await cable.a.run(['cat', '/proc/net/packet'])).split('\n').map((line) => line.split(/ +/).at(-1));
    };
    const first = await sockets();
    expect(first.filter((inode) => inode?.match(/\d/)).length).toBeGreaterThanOrEqual(3);
    expect(await sockets()).toEqual(first);
  });

  it('Arping.probe(): a link that is down is an error as a value', async () => {
    const eth0 = await host.linkNamed('eth0');
    await cable.a.ip(['link set eth0 down']);
    expect(await host.call('probe', eth0, vip4, 1000)).toMatchObject({ kind: 'failed', error: { code: 'ENETDOWN' } });
  });
});

describe('Arping.close', () => {
  it('Arping.close(): whoever waits for an answer has none, and no timer is left', async () => {
    const eth0 = await host.linkNamed('eth0');
    expect(await host.call('probeAndClose', eth0, vip4, 60_000)).toEqual({
      result: { kind: 'silent' },
      timersLeft: 0,
    });
  });
});

describe('Announcer', () => {
  it('Announcer.start(): announces at once, and again after locktime; stop() ends it', async () => {
    const eth0 = await host.linkNamed('eth0');
    const fields = ['arp.opcode', 'frame.time_relative'] as const;
    const { frames } = await dissect(cable.b, 'arp', fields, async () => {
      await host.call('startAnnouncing', 'www', [{ ...vip4, link: eth0 }]);
      await host.event('sent', ({ frame }) => frame === 4);
      await host.call('stopAnnouncing', 'www');
    });
    expect(frames.map((frame) => frame['arp.opcode'])).toEqual(['1', '2', '1', '2']);
    const [first, , second] = frames.map((frame) => Number(frame['frame.time_relative']));
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(1);
  });
});
