/**
 * Counts false alarms: three engines, each in a process of its own and with the options of Node that an agent gives itself, under
 * busy loops. Not a test: what it says depends on the machine. npm run soak -- [seconds] [interval ms] [busy loops] [bare]
 * `bare`: with the options of this very process alone, to see what the others are for.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const [seconds, heartbeatMs, loops] = [120, 20, 4].map((usual, at) => Number(process.argv[at + 2] ?? usual));
const built = (file) => new URL(`../../dist/agent/${file}`, import.meta.url).href;
const compiled = built('channel/built-in.js');
const { nodeOptions } = await import(built('channel/node-options.js'));
const { defaultDetectHeartbeats } = await import(built('config/defaults.js'));
const bare = process.argv[5] === 'bare';
const script = fileURLToPath(new URL('./engine-process.mjs', import.meta.url));
const names = ['a', 'b', 'c'];
const options = {
  group: 'soak',
  keys: [[...randomBytes(32)]],
  heartbeatMs,
  detectMs: defaultDetectHeartbeats * heartbeatMs,
  hangMs: 500,
  port: 46190,
  discovery: { kind: 'hosts' },
  peers: [],
  hosts: names.map((name, at) => ({ name, paths: [`127.0.9.${at + 1}`], weight: 100 })),
};

const counts = { views: 0, stalls: 0, suspicions: 0 };
const joined = new Set();
let counting = false;
let ended = false;

const engines = names.map((self) => {
  const argv = [
    ...process.execArgv,
    ...(bare ? [] : nodeOptions),
    script,
    compiled,
    JSON.stringify({ ...options, self }),
  ];
  const engine = spawn(process.execPath, argv, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  engine.on('exit', (status, signal) => {
    if (!ended) throw new Error(`${self} died: ${signal ?? status}`); // a dead engine raises no alarms
  });
  engine.on('message', (event) => {
    if (event.kind === 'view' && event.view.members.length === names.length) joined.add(self);
    if (joined.size === names.length && !counting) begin();
    else if (counting) count(self, event);
  });
  return engine;
});
const busy = [];

/** The busy loops come when all are in one view, and what is counted after them. */
function begin() {
  for (let loop = 0; loop < loops; loop += 1) busy.push(spawn(process.execPath, ['-e', 'for (;;);']));
  counting = true;
  setTimeout(end, seconds * 1000);
}

function count(self, event) {
  if (event.kind === 'suspects' && event.members.length > 0) counts.suspicions += 1;
  if (event.kind === 'stalled') counts.stalls += 1;
  if (event.kind !== 'view') return;
  counts.views += 1;
  console.log(`${self}: view ${event.view.id.counter} of ${event.view.members.length}`);
}

function end() {
  ended = true;
  for (const child of [...engines, ...busy]) child.kill('SIGKILL');
  const { views, stalls, suspicions } = counts;
  const what = `${views} views (false alarms), ${stalls} stalls, ${suspicions} heartbeats late by half an interval`;
  console.log(`${seconds} s at ${heartbeatMs} ms under ${loops} busy loops${bare ? ', bare' : ''}: ${what}`);
  process.exitCode = views > 0 ? 1 : 0;
}
