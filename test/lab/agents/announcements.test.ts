import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { labEnvironment } from '../../../agent/lab/command.ts';
import type { LabHost } from '../../../agent/lab/lab.ts';
import { startProbing } from '../../../agent/lab/probe-client.ts';
import { bringUp, deadlineMs, poolAddresses, useCluster } from './standing-cluster.ts';

const ipv4 = '10.77.0.101';
const ipv6 = 'fd77::101';
const broadcast = 'ff:ff:ff:ff:ff:ff';

const theCluster = useCluster({
  hosts: 2,
  sets: `
[set.www]
interface = "eth0"
addresses = ["${ipv4}/24", "${ipv6}/64"]
prefer = ["e1"]
`,
});

let file: string;
let newOwner: LabHost;

/** What passes the client's port while e2 takes over from e1. */
beforeAll(async () => {
  const cluster = theCluster();
  const { lab } = cluster;
  const e1 = lab.host('e1');
  newOwner = lab.host('e2');
  await bringUp(cluster);
  const probing = await startProbing(lab.client.namespace, { addresses: poolAddresses(cluster), intervalMs: 10 });
  await probing.allAnswering(deadlineMs);
  expect(cluster.watch.holders(ipv4)).toEqual(['e1']);

  file = join(lab.directory, 'takeover.pcap');
  const capture = await lab.capture(lab.client, 'arp or icmp6', file);
  await lab.cutPower(e1);
  await cluster.covered(deadlineMs);
  await probing.allAnswering(deadlineMs); // so it has heard of the new owner
  await probing.stop();
  await capture.stop();
});

/** A line a frame, as tcpdump reads it. */
function tcpdump(filter: string): readonly string[] {
  const argv = ['-e', '-n', '-vvv', '-r', file, filter];
  const text = execFileSync('tcpdump', argv, { encoding: 'utf8', env: labEnvironment, stdio: 'pipe' });
  const lines = text.replaceAll(/\n\s+/g, ' ').split('\n'); // what it says further of a frame is indented
  return lines.filter((line) => line !== '');
}

describe('the announcement of a takeover, as tcpdump dissects it', () => {
  it('is an ARP request to all whose sender IP is its target IP, by the new owner', () => {
    const requests = tcpdump('arp[6:2] = 1 and arp[14:4] = arp[24:4]');
    const last = requests.at(-1); // the old owner may have repeated its own just before it was cut off
    const { mac } = newOwner.wiring;
    expect(last).toContain(`${mac} > ${broadcast}, ethertype ARP (0x0806)`);
    expect(last).toMatch(new RegExp(`Ethernet \\(len 6\\), IPv4 \\(len 4\\), Request who-has ${ipv4} .*tell ${ipv4},`));
  });

  it('and an ARP reply to all, whose target MAC is its sender MAC as well', () => {
    const replies = tcpdump('arp[6:2] = 2 and arp[14:4] = arp[24:4]');
    const { mac } = newOwner.wiring;
    expect(replies.at(-1)).toContain(`${mac} > ${broadcast}, ethertype ARP (0x0806)`);
    expect(replies.at(-1)).toContain(`Reply ${ipv4} is-at ${mac},`);
    const sameMac = 'arp[8:4] = arp[18:4] and arp[12:2] = arp[22:2]';
    expect(tcpdump(`arp[6:2] = 2 and arp[14:4] = arp[24:4] and ${sameMac}`)).toEqual(replies);
  });

  it('and an unsolicited neighbour advertisement with the override flag to all nodes, with a good checksum', () => {
    const last = tcpdump('icmp6 and ip6[40] = 136 and dst ff02::1').at(-1);
    const { mac } = newOwner.wiring;
    expect(last).toContain(`${mac} > 33:33:00:00:00:01, ethertype IPv6 (0x86dd)`);
    expect(last).toContain('hlim 255');
    expect(last).toContain('> ff02::1: [icmp6 sum ok] ICMP6, neighbor advertisement');
    expect(last).toContain(`tgt is ${ipv6}, Flags [override]`);
    expect(last).toContain(`destination link-address option (2), length 8 (1): ${mac}`);
  });

  it('and nothing in it is malformed', () => {
    const frames = tcpdump('');
    expect(frames.length).toBeGreaterThan(3);
    expect(frames.filter((line) => /bad|wrong|truncated|\[\|/i.test(line))).toEqual([]);
  });
});

describe('the same, as tshark dissects it', () => {
  const installed = spawnSync('tshark', ['--version'], { env: labEnvironment }).status === 0;

  function tshark(filter: string, ...fields: readonly string[]): readonly string[] {
    const argv = ['-r', file, '-Y', filter, '-T', 'fields', '-E', 'separator= '];
    const text = execFileSync('tshark', [...argv, ...fields.flatMap((field) => ['-e', field])], {
      encoding: 'utf8',
      env: labEnvironment,
      stdio: 'pipe',
    });
    return [...new Set(text.trim().split('\n'))];
  }

  it('has announcements of either kind and nothing malformed', (context) => {
    if (!installed) context.skip('tshark is not installed; tcpdump has looked at the same frames');
    const { mac } = newOwner.wiring;
    const arp = ['eth.src', 'arp.opcode', 'arp.src.proto_ipv4', 'arp.dst.proto_ipv4'];
    expect(tshark('arp.isannouncement == 1', ...arp)).toContain(`${mac} 1 ${ipv4} ${ipv4}`);
    expect(tshark('arp.isgratuitous == 1 && arp.opcode == 2', ...arp)).toContain(`${mac} 2 ${ipv4} ${ipv4}`);
    const advertised = tshark(
      `icmpv6.type == 136 && ipv6.dst == ff02::1 && eth.src == ${mac}`,
      'eth.src',
      'icmpv6.nd.na.target_address',
      'icmpv6.nd.na.flag.o',
      'icmpv6.nd.na.flag.s',
      'icmpv6.checksum.status',
    );
    expect(advertised).toEqual([`${mac} ${ipv6} 1 0 1`]);
    expect(tshark('_ws.malformed || _ws.expert.severity == error', 'frame.number')).toEqual(['']);
  });
});
