import { it } from 'vitest';
import { bringUp, deadlineMs, poolAddresses, useCluster } from './standing-cluster.ts';

const theCluster = useCluster({
  hosts: 2,
  settings: 'takeover = "immediate"',
  sets: '[pool.web]\ninterface = "eth0"\nrange = "10.77.0.101-10.77.0.102"\nprefix = 24\n',
});

it('takeover = "immediate": where heartbeats alone are lost both sides serve all, and one of them when they pass again', {
  timeout: 60_000,
}, async () => {
  const cluster = theCluster();
  const { lab } = cluster;
  const [e1, e2] = [lab.host('e1'), lab.host('e2')];
  await bringUp(cluster);
  const holders = (): readonly string[] =>
    poolAddresses(cluster).map((address) => cluster.watch.holders(address).join());
  await Promise.all([lab.block(e1, e2, { udpPort: 4807 }), lab.block(e2, e1, { udpPort: 4807 })]);
  await cluster.watch.until('both to hold everything', deadlineMs, () => holders().join(' ') === 'e1,e2 e1,e2');
  await lab.unblockAll();
  await Promise.all([e1, e2].map((host) => cluster.joined(host, deadlineMs)));
  await cluster.covered(deadlineMs);
});
