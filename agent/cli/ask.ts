/** Questions to the agent of this host; what hinders comes back as the exit code and message of the command. */
import { request } from '../control/client.ts';
import { ControlError } from '../control/error.ts';
import type {
  CommandRequest,
  ControlReply,
  ControlRequest,
  Move,
  ReloadReply,
  RestartReply,
  Status,
} from '../control/protocol.ts';
import { ExitError, exitCodes } from '../exit-codes.ts';

/** The agent answers from memory; one that takes longer hangs. */
const statusTimeoutMs = 5_000;

/** Answered when the last address has moved: a claim takes milliseconds, but a handover may have to wait for a timeout. So is a reload. */
const commandTimeoutMs = 120_000;

/** @throws ExitError */
export async function askStatus(control: string): Promise<Status> {
  const reply = await ask(control, { kind: 'status' }, statusTimeoutMs);
  if (reply.ok && reply.kind === 'status') return reply.status;
  throw refused(reply);
}

/** @returns what moved @throws ExitError */
export async function askCommand(control: string, request: CommandRequest): Promise<readonly Move[]> {
  const reply = await ask(control, request, commandTimeoutMs);
  if (reply.ok && 'moves' in reply) return reply.moves;
  throw refused(reply);
}

/** @throws ExitError */
export async function askAnnounce(control: string, sets: readonly string[]): Promise<readonly string[]> {
  const reply = await ask(control, { kind: 'announce', sets }, statusTimeoutMs);
  if (reply.ok && reply.kind === 'announce') return reply.sets;
  throw refused(reply);
}

/** @throws ExitError */
export async function askReload(control: string): Promise<ReloadReply> {
  const reply = await ask(control, { kind: 'reload' }, commandTimeoutMs);
  if (reply.ok && reply.kind === 'reload') return reply;
  throw refused(reply);
}

/** @throws ExitError with what hinders */
export async function askRestart(control: string, keepSeconds: number): Promise<RestartReply> {
  const reply = await ask(control, { kind: 'restart', keepSeconds }, statusTimeoutMs);
  if (reply.ok && reply.kind === 'restart') return reply;
  throw refused(reply);
}

async function ask(control: string, question: ControlRequest, timeoutMs: number): Promise<ControlReply> {
  try {
    return await request(control, question, timeoutMs);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    throw new ExitError(error.failure === 'denied' ? exitCodes.privilege : exitCodes.noAgent, error.message, {
      cause: error,
    });
  }
}

function refused(reply: ControlReply): ExitError {
  return new ExitError(exitCodes.degraded, reply.ok ? `The agent answered ${reply.kind} instead` : reply.error);
}
