import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { labEnvironment } from '../../../agent/lab/command.ts';
import { bringUp, deadlineMs, poolAddressesOn, useCluster } from './standing-cluster.ts';

const theCluster = useCluster({
  hosts: 2,
  ipVersion: 6,
  sets: '[set.www]\ninterface = "eth0"\naddresses = ["fd77::101/64", "10.77.0.101/24"]\nprefer = ["e1"]\n',
});

it('hosts whose paths are IPv6 find each other by multicast, and the one left takes over', {
  timeout: 60_000,
}, async () => {
  const cluster = theCluster();
  const { lab } = cluster;
  const [e1, e2] = [lab.host('e1'), lab.host('e2')];
  await bringUp(cluster);
  const capture = await lab.capture(e1, 'udp port 4807', join(lab.directory, 'heartbeats.pcap'));
  const { members } = await cluster.status(e2);
  expect(members).toMatchObject([
    { host: 'e1', state: 'member', paths: [{ address: 'fd77::1' }] },
    { host: 'e2', state: 'member', paths: [{ address: 'fd77::2' }] },
  ]);
  expect(poolAddressesOn(cluster, e1)).toEqual(['fd77::101', '10.77.0.101']);
  await lab.cutPower(e1);
  await cluster.watch.until('e2 to have both', deadlineMs, () => poolAddressesOn(cluster, e2).length === 2);
  await capture.stop();
  const options = { encoding: 'utf8', env: labEnvironment, stdio: 'pipe' } as const;
  const text = execFileSync('tcpdump', ['-n', '-r', capture.file], options);
  const heartbeats = [...text.matchAll(/IP6 (\S+)\.4807 > ff12::4807\.4807:/g)].map(([, from]) => from);
  expect([...new Set(heartbeats)].toSorted()).toEqual(['fd77::1', 'fd77::2']);
});
