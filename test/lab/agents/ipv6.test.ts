import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { labEnvironment } from '../../../agent/lab/command.ts';
import type { LabHost } from '../../../agent/lab/lab.ts';
import { bringUp, deadlineMs, poolAddressesOn, useCluster } from './standing-cluster.ts';

const theCluster = useCluster({
  hosts: 2,
  ipVersion: 6,
  sets: '[set.www]\ninterface = "eth0"\naddresses = ["fd77::101/64", "10.77.0.101/24"]\nprefer = ["e1"]\nfailback = "immediately"\n',
});

it('hosts whose paths are IPv6 find each other by multicast, and the one left takes over', {
  timeout: 60_000,
}, async () => {
  const cluster = theCluster();
  const { lab } = cluster;
  const [e1, e2] = [lab.host('e1'), lab.host('e2')];
  await bringUp(cluster);
  const both = (host: LabHost): boolean => poolAddressesOn(cluster, host).length === 2;
  await cluster.watch.until('e1 to have both', deadlineMs, () => both(e1));
  const { members } = await cluster.status(e2);
  expect(members).toMatchObject([
    { host: 'e1', state: 'member', paths: [{ address: 'fd77::1' }] },
    { host: 'e2', state: 'member', paths: [{ address: 'fd77::2' }] },
  ]);
  const capture = await lab.capture(e1, 'udp port 4807', join(lab.directory, 'heartbeats.pcap'));
  const sent = (): readonly string[] => multicastFrom(capture.file);
  await expect.poll(sent, { timeout: deadlineMs }).toEqual(['fd77::1', 'fd77::2']);
  await capture.stop();
  await lab.cutPower(e1);
  await cluster.watch.until('e2 to have both', deadlineMs, () => both(e2));
});

/** Who sent heartbeats to the group, as a dissector that is not ours reads a capture that still goes on. */
function multicastFrom(file: string): readonly string[] {
  const options = { encoding: 'utf8', env: labEnvironment, stdio: 'pipe' } as const;
  const text = execFileSync('tcpdump', ['-n', '-r', file], options);
  const from = [...text.matchAll(/IP6 (\S+)\.4807 > ff12::4807\.4807:/g)].map((match) => match[1] ?? '');
  return [...new Set(from)].sort();
}
