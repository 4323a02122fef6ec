/** Asks the agent of this host one thing over its control socket. */
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ControlError } from './error.ts';
import { checkSocketPath } from './path.ts';
import type { ControlReply, ControlRequest } from './protocol.ts';

/** Far above the status of thousands of sets; only keeps a wrong server from filling our memory. */
const replyBytesMax = 64 * 1024 * 1024;

/**
 * @param timeoutMs for the whole exchange
 * @throws ControlError; a request that the agent refuses is a reply with `ok: false`
 */
export function request(path: string, request: ControlRequest, timeoutMs: number): Promise<ControlReply> {
  return new Promise((resolve, reject) => {
    checkSocketPath(path, 'no-agent');
    const socket = connect(path);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => {
      fail(noAnswer(path, `nothing came within ${timeoutMs / 1000} s`));
    }, timeoutMs);

    function fail(error: ControlError): void {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    }

    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk) => {
      const newline = chunk.indexOf(0x0a);
      chunks.push(newline < 0 ? chunk : chunk.subarray(0, newline));
      bytes += chunk.length;
      if (bytes > replyBytesMax) return fail(badAnswer(path, `it is longer than ${replyBytesMax} bytes`));
      if (newline < 0) return;
      const reply = parseReply(Buffer.concat(chunks).toString(), request.kind);
      if (reply === undefined) return fail(badAnswer(path, 'it is not a reply to what was asked'));
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    });
    socket.on('error', (error) => fail(failed(path, error)));
    socket.on('close', () => fail(noAnswer(path, 'it closed the connection'))); // no effect where it is settled already
  });
}

/** Only the envelope is checked: who may bind the agent's socket is trusted with what is inside. */
function parseReply(text: string, kind: ControlRequest['kind']): ControlReply | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('ok' in value)) return undefined;
    const refused = value.ok === false && 'error' in value && typeof value.error === 'string';
    const answered = value.ok === true && 'kind' in value && value.kind === kind;
    return refused || answered ? (value as ControlReply) : undefined; // the envelope is right, see above
  } catch {
    return undefined;
  }
}

function failed(path: string, cause: NodeJS.ErrnoException): ControlError {
  switch (cause.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new ControlError(
        'no-agent',
        `No agent answers on ${path} (${cause.code}): see \`systemctl status holdfast\`, start it with ` +
          '`systemctl start holdfast`',
        { cause },
      );
    case 'EACCES':
    case 'EPERM':
      return new ControlError('denied', `No permission to ask the agent on ${path}: ${whoMay(path)}`, { cause });
    default:
      return noAnswer(path, cause.message, cause);
  }
}

function noAnswer(path: string, why: string, cause?: Error): ControlError {
  return new ControlError('no-answer', `The agent on ${path} does not answer: ${why}; see \`journalctl -u holdfast\``, {
    cause,
  });
}

function badAnswer(path: string, why: string): ControlError {
  return new ControlError(
    'bad-answer',
    `Cannot read the answer on ${path}: ${why}; is that an agent's control socket?`,
  );
}

/** The group of the socket, or of the first directory above it that may be looked at. */
function whoMay(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      const gid = statSync(at).gid;
      if (gid === 0) return 'run this as root';
      const name = groupName(gid);
      return `run this as root or as a member of group ${name} (usermod -aG ${name} USER, then log in anew)`;
    } catch {
      if (at === dirname(at)) return 'run this as root';
    }
  }
}

function groupName(gid: number): string {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? String(gid);
}
