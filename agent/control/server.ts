/**
 * The agent's control socket: newline-delimited JSON over a unix stream socket that only its owner and its group may
 * open. Whatever clients do, the agent's cost is bounded: clients, bytes of a line, requests and replies per client.
 */
import { once } from 'node:events';
import { chmodSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { ControlError } from './error.ts';
import { checkSocketPath } from './path.ts';
import { type HandleRequest, openSession, type Session, type SessionLimits } from './session.ts';

export type ControlLimits = SessionLimits & {
  readonly clientsMax: number;
  /** When `clientsMax` are connected, one that has been idle this long makes room: leaked connections lock nobody out. */
  readonly idleMsMin: number;
};

export const controlLimits: ControlLimits = {
  clientsMax: 64, // people, dashboards and exporters of one host; each costs at most one reply, about 100 KB at 200 sets
  idleMsMin: 10_000,
  lineBytesMax: 64 * 1024,
  requestsWaitingMax: 16,
  lingerMs: 1_000,
};

export type ControlServer = {
  /** Ends every client and removes the socket file. Idempotent. */
  close(): Promise<void>;
};

/**
 * The caller holds the agent's lock, so a socket file that is there already belongs to a dead agent and is replaced.
 * `handle` says what it cannot do in its reply; a rejection is told to the client as an error too.
 * @throws ControlError 'cannot-listen'
 */
export async function openControlServer(options: {
  readonly path: string;
  readonly handle: HandleRequest;
  readonly limits?: ControlLimits;
}): Promise<ControlServer> {
  const limits = options.limits ?? controlLimits;
  const sessions = new Set<Session>();
  const refused = new Set<Session>(); // being told why; at most refusedMax
  const server = createServer({ allowHalfOpen: true });
  server.on('connection', (socket) => {
    if (sessions.size >= limits.clientsMax) dropLongestIdle(sessions, limits.idleMsMin);
    const session = openSession(socket, options.handle, limits);
    const admitted = sessions.size < limits.clientsMax;
    const among = admitted ? sessions : refused;
    if (!admitted && refused.size >= refusedMax) return session.destroy();
    among.add(session);
    socket.on('close', () => among.delete(session));
    if (!admitted) session.cutOff(`more than ${limits.clientsMax} clients are connected: close some`);
  });

  checkSocketPath(options.path, 'cannot-listen');
  try {
    removeStaleSocket(options.path);
    await listenPrivately(server, options.path);
  } catch (error) {
    server.close();
    throw cannotListen(options.path, error);
  }
  // A failed accept (out of file descriptors) concerns the client that was not accepted, not the agent.
  server.on('error', () => {});

  return {
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close(); // also removes the file
      for (const session of [...sessions, ...refused]) session.destroy();
      await closed;
    },
  };
}

/** Clients above `clientsMax` that are told why at a time; the others are only closed. */
const refusedMax = 16;

function dropLongestIdle(sessions: Set<Session>, idleMsMin: number): void {
  let longest: Session | undefined;
  let longestMs = idleMsMin;
  for (const session of sessions) {
    const idleMs = session.idleMs();
    if (idleMs !== null && idleMs >= longestMs) {
      longest = session;
      longestMs = idleMs;
    }
  }
  if (longest === undefined) return;
  longest.destroy();
  sessions.delete(longest);
}

function removeStaleSocket(path: string): void {
  if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined) {
    throw new Error('its directory is not there'); // asked here because libuv reports this as EACCES
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error('something that is not a socket is there: remove it, or give another path');
  unlinkSync(path);
}

/** bind() runs inside listen() on this thread, so the file is 0600 from its first instant and then opened to the group. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening'); // rejects on 'error'
  const umask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await listening;
  chmodSync(path, 0o660);
}

function cannotListen(path: string, cause: unknown): ControlError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ControlError('cannot-listen', `Cannot open the control socket ${path}: ${why}`, { cause });
}
