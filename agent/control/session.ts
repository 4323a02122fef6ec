/**
 * One client of the control socket. Its requests are answered one after the other, and the next one is looked at only
 * when the kernel has taken the last reply: a client that does not read costs us one reply and `requestsWaitingMax`
 * short lines, then it is cut off. Rejected: pausing the socket instead, because then nobody sees the client leave.
 */
import type { Socket } from 'node:net';
import { lineSplitter } from './lines.ts';
import type { ControlReply, ControlRequest } from './protocol.ts';
import { parseRequest } from './request.ts';

export type SessionLimits = {
  readonly lineBytesMax: number;
  /** Requests of one client that are not answered yet. */
  readonly requestsWaitingMax: number;
  /** How long a client has to read why it is cut off. */
  readonly lingerMs: number;
};

export type Session = {
  /** Milliseconds since nothing was owed to this client but bytes it does not read; null while its request is worked on. */
  idleMs(): number | null;
  /** Tells the client why, gives it `lingerMs` to read that, and ends. */
  cutOff(error: string): void;
  destroy(): void;
};

export type HandleRequest = (request: ControlRequest) => Promise<ControlReply>;

type Waiting = { readonly kind: 'line'; readonly line: Uint8Array } | { readonly kind: 'end'; readonly error: string };

/** Serves an accepted socket (opened with `allowHalfOpen`) until either side ends it. */
export function openSession(socket: Socket, handle: HandleRequest, limits: SessionLimits): Session {
  const splitter = lineSplitter(limits.lineBytesMax);
  const waiting: Waiting[] = []; // at most requestsWaitingMax lines and one end
  let answering = false;
  let working = false;
  let peerEnded = false;
  let ending = false;
  let idleSince = performance.now();
  let linger: NodeJS.Timeout | undefined;

  socket.on('data', (chunk) => {
    if (ending) return; // dropped: closing with unread bytes would reset the connection before the client has read why
    const { lines, tooLong } = splitter.push(chunk);
    for (const line of lines) {
      if (waiting.length >= limits.requestsWaitingMax) {
        return cutOff(`more than ${limits.requestsWaitingMax} requests wait for an answer: read the replies`);
      }
      waiting.push({ kind: 'line', line });
    }
    if (tooLong) return cutOff(`a request is longer than ${limits.lineBytesMax} bytes`);
    void answerWaiting();
  });
  socket.on('end', () => {
    peerEnded = true; // it may have closed only its sending side, as `nc` and `socat` do
    void answerWaiting();
  });
  socket.on('error', () => socket.destroy()); // the client left in the middle of a reply: nothing to do about it
  socket.on('close', () => clearTimeout(linger));

  async function answerWaiting(): Promise<void> {
    if (answering) return;
    answering = true;
    for (let next = waiting[0]; next !== undefined && !socket.destroyed; next = waiting[0]) {
      working = next.kind === 'line';
      const reply = next.kind === 'line' ? await answer(next.line, handle) : refusal(next.error);
      working = false;
      idleSince = performance.now();
      await written(socket, `${JSON.stringify(reply)}\n`);
      idleSince = performance.now();
      waiting.shift();
    }
    answering = false;
    if (peerEnded || ending) socket.end();
  }

  function cutOff(error: string): void {
    if (ending) return;
    ending = true;
    waiting.push({ kind: 'end', error });
    linger = setTimeout(() => socket.destroy(), limits.lingerMs);
    void answerWaiting();
  }

  return {
    idleMs: () => (working ? null : performance.now() - idleSince),
    cutOff,
    destroy: () => socket.destroy(),
  };
}

async function answer(line: Uint8Array, handle: HandleRequest): Promise<ControlReply> {
  const parsed = parseRequest(line);
  if (!parsed.ok) return refusal(parsed.error);
  try {
    return await handle(parsed.request);
  } catch (error) {
    return refusal(error instanceof Error ? error.message : String(error));
  }
}

function refusal(error: string): ControlReply {
  return { ok: false, error };
}

/** Resolves when the kernel has taken the bytes or the socket is gone. */
function written(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once('close', resolve);
    socket.write(text, () => {
      socket.off('close', resolve);
      resolve();
    });
  });
}
