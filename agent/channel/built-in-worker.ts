/** The thread that runs the built-in engine, so that nothing the main thread does delays a heartbeat. */
import { parentPort, workerData } from 'node:worker_threads';
import { BuiltInEngine } from './built-in-engine.ts';
import type { FromWorker, ToWorker, WorkerData } from './built-in-options.ts';
import type { ChannelEvent } from './channel.ts';
import { ChannelError } from './channel-error.ts';
import { MainLoopWatch } from './main-loop.ts';
import { becomeRealtime, mainThreadPriority } from './realtime.ts';
import { TakeoverPriority } from './takeover-priority.ts';
import { EvidenceWriter } from './view-evidence.ts';

const port = parentPort;
if (port === null) throw new Error('built-in-worker runs only as a worker thread');

const tell = (message: FromWorker): void => port.postMessage(message);

const { options, peerRoutes, mainLoop, evidence } = workerData as WorkerData; // openBuiltInChannel is the only one that starts this
const viewEvidence = new EvidenceWriter(evidence);
const engine = new BuiltInEngine(options, {
  onEvent: (event) => {
    // Before it hears of it.
    if (event.kind === 'suspects') takeover?.suspect(event.members.length);
    if (mayBeHeldTwice(event)) takeover?.doubt();
    tell({ kind: 'event', event });
  },
  onConfirmed: (question) => viewEvidence.note(question),
  onEnd: () => {
    takeover?.stop();
    port.close();
  },
  onWakeup: (now) => watch?.look(now),
});
let watch: MainLoopWatch | undefined;
let takeover: TakeoverPriority | undefined;

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'send':
      for (const payload of message.payloads) engine.send(message.view, payload);
      break;
    case 'rekey':
      engine.rekey(message.keys);
      break;
    case 'hosts':
      engine.changeHosts(message.hosts);
      break;
    case 'peers':
      engine.changePeers(message.routes);
      break;
    case 'decided':
      takeover?.decided();
      break;
    case 'ask':
      engine.ask(message.question);
      break;
    case 'spare':
      engine.spare(message.view, message.members);
      break;
    case 'status':
      tell({ kind: 'status', id: message.id, status: engine.status() });
      break;
    case 'obituary':
      tell({ kind: 'obituary', id: message.id, obituary: engine.obituary() });
      break;
    case 'leave':
      engine.leave();
      break;
  }
});

try {
  const notice = await becomeRealtime();
  if (notice === null) takeover = new TakeoverPriority(options.detectMs, await mainThreadPriority());
  else engine.notice(notice);
  engine.changePeers(peerRoutes);
  await engine.open();
  watch = new MainLoopWatch(mainLoop, options.hangMs, {
    onHang: () => engine.suspend(),
    onReturn: () => engine.resume(),
  });
  tell({ kind: 'opened', self: engine.self });
} catch (error) {
  if (!(error instanceof ChannelError)) throw error;
  const { code, address, port: udpPort } = error;
  tell({ kind: 'failed', code, address, port: udpPort });
  port.close();
}

/** Whether others may hold what this host has: it stood still, they went on without it, or they come from another view. */
function mayBeHeldTwice(event: ChannelEvent): boolean {
  switch (event.kind) {
    case 'view':
      return event.view.together.length < event.view.members.length;
    case 'apart':
      return event.members.length > 0;
    case 'stalled':
      return true;
    case 'deliver':
    case 'suspects':
    case 'lost':
    case 'notice':
    case 'path':
    case 'refused':
      return false;
  }
}
