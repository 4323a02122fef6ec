import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Capture } from '../../../agent/lab/capture.ts';
import { type Cluster, makeCluster } from '../../../agent/lab/cluster.ts';
import { run } from '../../../agent/lab/command.ts';
import { createLab, type Lab, type LabHost } from '../../../agent/lab/lab.ts';

// What tcpdump, in the switch, sees of an agent's announcements.
const deadlineMs = 15_000;
const router = { ipv4: '10.77.0.250', ipv6: 'fd77::fa' };
/** Of a route that is not the default one. */
const other = { ipv4: '10.77.0.251', ipv6: 'fd77::fb' };

let lab: Lab;
let cluster: Cluster;
let e1: LabHost;
let captures = 0;

beforeAll(async () => {
  lab = await createLab({ hosts: 1 });
  e1 = lab.host('e1');
  cluster = await makeCluster(lab, {
    // The first is e1 itself, which need not be told.
    settings: 'announce.notify = ["10.77.0.1", "10.77.0.240/30", "10.77.0.200", "192.0.2.1", "fd77::c8"]',
    sets:
      '[set.www]\ninterface = "eth0"\naddresses = ["10.77.0.101/24", "fd77::101/64"]\n' +
      '[set.api]\ninterface = "eth0"\naddresses = ["10.77.0.102/24"]\n',
  });
  await e1.namespace.ip([
    `route add default via ${router.ipv4}`,
    `route add default via ${router.ipv6} dev eth0`,
    `route add 198.18.0.0/15 via ${other.ipv4}`,
    `route add 2001:db8::/32 via ${other.ipv6} dev eth0`,
  ]);
  await e1.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/eth0/forwarding']);
});

afterAll(async () => lab.dispose());

/** What tcpdump tells of the ARP and neighbour discovery that the client gets while `act` runs. */
async function seen(act: (capture: Capture) => Promise<unknown>): Promise<readonly string[]> {
  captures += 1;
  const file = join(lab.directory, `announce-${captures}.pcap`);
  const capture = await lab.capture(lab.client, 'arp or icmp6[0] = 135 or icmp6[0] = 136', file);
  await act(capture);
  await capture.stop();
  const text = await run(['tcpdump', '-n', '-e', '-v', '-r', file]);
  return text.replaceAll(/\n\s+/g, ' ').split('\n');
}

const announces = (lines: readonly string[], address: string, mac = e1.wiring.mac) =>
  lines.some(
    (line) => line.includes(`${mac} >`) && line.includes(`who-has ${address} `) && line.includes(`tell ${address}`),
  );

/** The hosts that were asked for from the address, in order. */
function toldFrom(lines: readonly string[], address: string): readonly string[] {
  const told = lines.flatMap((line) => {
    const [, host, from] = /who-has (\S+)(?: \(.*\))? tell (\S+),/.exec(line) ?? [];
    return host !== undefined && from === address && host !== address ? [host] : [];
  });
  return [...new Set(told)];
}

describe('a claim', () => {
  it('tells routers and the hosts of notify one by one, each on its own subnet', async () => {
    const lines = await seen(async () => {
      await cluster.start(e1);
      await cluster.joined(e1, deadlineMs);
      await cluster.covered(deadlineMs);
      // Directed announcements come last in the first round: the answer to status comes after them.
      await cluster.status(e1);
    });
    expect(announces(lines, '10.77.0.101')).toBe(true);
    expect(toldFrom(lines, '10.77.0.101')).toEqual([
      ...[router.ipv4, other.ipv4],
      ...['10.77.0.241', '10.77.0.242', '10.77.0.200'],
    ]);
    const solicited = lines.filter((line) => line.includes('fd77::101 >') && line.includes('neighbor solicitation'));
    expect(solicited.some((line) => line.includes(`who has ${router.ipv6}`))).toBe(true);
    expect(solicited.some((line) => line.includes(`who has ${other.ipv6}`))).toBe(true);
    expect(solicited.some((line) => line.includes('who has fd77::c8'))).toBe(true);
    const advertised = lines.filter(
      (line) => line.includes('neighbor advertisement') && line.includes('tgt is fd77::101'),
    );
    expect(advertised.some((line) => line.includes('[router, override]'))).toBe(true);
    const client = JSON.parse(await lab.client.namespace.run(['ip', '-j', 'neigh', 'show', '10.77.0.101']));
    expect(client).toEqual([expect.objectContaining({ lladdr: e1.wiring.mac })]);
  });
});

describe('settings of the kernel that are a choice', () => {
  it('are noted once in the log, and are no trouble', async () => {
    const note = 'net.ipv4.ip_nonlocal_bind and net.ipv6.ip_nonlocal_bind are 0: ';
    expect(cluster.log(e1).split(note)).toHaveLength(2);
    const { events } = await cluster.status(e1);
    expect(events.filter(({ text }) => text.includes('nonlocal'))).toEqual([]);
  });
});

describe('holdfast announce', () => {
  it('announces the sets that are named', async () => {
    const lines = await seen(async () => {
      expect(await cluster.command(e1, 'announce', 'api')).toEqual({
        status: 0,
        stdout: 'Announced 1 set of this host again: api.\n',
        stderr: '',
      });
    });
    expect(announces(lines, '10.77.0.102')).toBe(true);
  });

  it('announces all that is held here, for programs too', async () => {
    const lines = await seen(async () => {
      const { stdout } = await cluster.command(e1, 'announce', '--json');
      expect(JSON.parse(stdout)).toEqual({ sets: ['api', 'www'] });
    });
    expect(announces(lines, '10.77.0.101') && announces(lines, '10.77.0.102')).toBe(true);
  });

  it('says which set is not there', async () => {
    expect(await cluster.command(e1, 'announce', 'wwww')).toMatchObject({
      status: 1,
      stderr: 'holdfast: there is no set wwww\n',
    });
  });
});

describe('an interface that changes', () => {
  it('a new MAC is announced at once', async () => {
    const mac = '02:77:00:00:00:99';
    const lines = await seen(async () => {
      await e1.namespace.ip([`link set eth0 address ${mac}`]);
      // A round trip over the socket that tells of the change.
      await cluster.status(e1);
      await cluster.status(e1);
    });
    expect(announces(lines, '10.77.0.101', mac)).toBe(true);
    const client = JSON.parse(await lab.client.namespace.run(['ip', '-j', 'neigh', 'show', '10.77.0.101']));
    expect(client).toEqual([expect.objectContaining({ lladdr: mac })]);
  });
});
