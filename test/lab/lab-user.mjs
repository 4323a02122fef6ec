// A program that makes a lab, tells the ids of the lab's processes, and ends without disposing of it.
import { createLab } from '../../dist/agent/lab/lab.js';

const lab = await createLab({ hosts: 2 });
const pids = [];
for (const host of lab.hosts) {
  const daemon = await host.namespace.spawn(['sleep', '600'], { name: `${host.name}-daemon` });
  pids.push(daemon.pid, host.namespace.holderPid);
}
console.log(pids.join(' '));
if (process.argv[2] === 'uncaught error') setTimeout(() => undefined.property, 100);
else setInterval(() => {}, 1000);
