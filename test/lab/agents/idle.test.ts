import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as passing } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeOptions } from '../../../agent/channel/node-options.ts';
import type { Capture } from '../../../agent/lab/capture.ts';
import type { Cluster } from '../../../agent/lab/cluster.ts';
import { labEnvironment } from '../../../agent/lab/command.ts';
import type { Lab } from '../../../agent/lab/lab.ts';
import { bringUp, useCluster } from './standing-cluster.ts';

// Enough sets for reports and decisions that are larger than a frame.
const theCluster = useCluster({
  hosts: 3,
  sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.160"\nprefix = 24\n',
});
let cluster: Cluster;
let lab: Lab;
let start: Capture;

const large = 'udp port 4807 and greater 1200';
const tooLarge = 'greater 1515'; // Ethernet's header has 14
const fragments = 'ip[6:2] & 0x3fff != 0';

beforeAll(async () => {
  cluster = theCluster();
  lab = cluster.lab;
  const filter = `(${large}) or (${tooLarge}) or (${fragments})`;
  start = await lab.capture(lab.host('e3'), filter, join(lab.directory, 'start.pcap'));
  await bringUp(cluster);
  await start.stop();
});

/** A line a frame. */
function tcpdump(file: string, filter: string): readonly string[] {
  const argv = ['-e', '-n', '-r', file, filter];
  const text = execFileSync('tcpdump', argv, { encoding: 'utf8', env: labEnvironment, stdio: 'pipe' });
  return text.split('\n').filter((line) => line !== '');
}

describe('three agents with 60 sets', () => {
  it('run in a Node without helper threads to wait for, under the pid that was started', () => {
    for (const host of lab.hosts) {
      const commandLine = readFileSync(`/proc/${cluster.agent(host).pid}/cmdline`, 'utf8').split('\0');
      expect(commandLine).toEqual(expect.arrayContaining([...nodeOptions, 'agent']));
    }
  });

  it('send no frame of more than 1,500 bytes, and no fragments', () => {
    expect(tcpdump(start.file, large).length).toBeGreaterThan(0); // there was much to say
    expect(tcpdump(start.file, tooLarge)).toEqual([]);
    expect(tcpdump(start.file, fragments)).toEqual([]);
  });

  it('send nothing but heartbeats once their sets are announced', async () => {
    let rest = await capturedNow();
    for (let tries = 1; tries < 5 && tcpdump(rest, notAtRest).length > 0; tries++) rest = await capturedNow();
    expect(tcpdump(rest, notAtRest)).toEqual([]);
    for (const { wiring } of lab.hosts) {
      const heartbeats = tcpdump(rest, `udp port 4807 and ether src ${wiring.mac}`);
      expect(heartbeats.length).toBeGreaterThan(5);
      expect(heartbeats.length).toBeLessThan(60); // every 75 to 100 ms
    }
    expect(cluster.faults()).toEqual([]);
  });
});

/** Beside heartbeats, what kernels do by themselves to keep neighbours and multicast groups. */
const notAtRest = 'not udp port 4807 and not (arp and arp[14:4] != arp[24:4]) and not igmp and not icmp6';

/** What passes the client's port for 3 s. @returns the file */
async function capturedNow(): Promise<string> {
  const capture = await lab.capture(lab.client, '', join(lab.directory, 'rest.pcap'));
  await passing(3_000); // the time that is looked at
  await capture.stop();
  return capture.file;
}
