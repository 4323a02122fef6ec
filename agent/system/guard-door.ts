/** Asks a guard whose agent is gone: to hand over to this agent, or to remove what it keeps. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { decodeCount, decodeHandover, type GuardedAddress } from '../wire/guard-message.ts';

/** busy: its agent lives. failed: something answers there, but not as a guard does. */
export type DoorResult<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'no-guard' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'failed'; readonly why: string };

const answerMs = 2_000;

/** The guard ends; the addresses stay in the kernel and are the caller's business from now on. */
export async function takeOver(directory: string): Promise<DoorResult<readonly GuardedAddress[]>> {
  const said = await ask(directory, 'h');
  if (said.kind !== 'done') return said;
  const answer = decodeHandover(said.value);
  if (answer.kind === 'refused') return { kind: 'failed', why: 'its answer makes no sense' };
  return answer.kind === 'busy' ? { kind: 'busy' } : { kind: 'done', value: answer.addresses };
}

/** The guard removes what it keeps, now, and ends. @returns how many addresses that were */
export async function release(directory: string): Promise<DoorResult<number>> {
  const said = await ask(directory, 'r');
  if (said.kind !== 'done') return said;
  const answer = decodeCount(said.value);
  if (answer.kind === 'refused') return { kind: 'failed', why: 'its answer makes no sense' };
  return answer.kind === 'busy' ? { kind: 'busy' } : { kind: 'done', value: answer.count };
}

function ask(directory: string, question: 'h' | 'r'): Promise<DoorResult<Uint8Array>> {
  return new Promise((resolve) => {
    const socket = connect(join(directory, 'guard.sock'));
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => finish({ kind: 'failed', why: `no answer within ${answerMs / 1000} s` }), answerMs);
    const finish = (result: DoorResult<Uint8Array>): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => socket.write(question));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(failureOf(error)));
    socket.on('close', () => finish({ kind: 'done', value: Buffer.concat(chunks) }));
  });
}

function failureOf(error: NodeJS.ErrnoException): DoorResult<never> {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED': // of a guard that was killed
      return { kind: 'no-guard' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'denied' };
    default:
      return { kind: 'failed', why: error.message };
  }
}
