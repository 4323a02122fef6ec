/** A control server that answers what a test says: the agent's side of the socket, without hosts and kernels behind it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlReply, Status } from '../../agent/control/protocol.ts';
import { type ControlServer, openControlServer } from '../../agent/control/server.ts';

export type StandIn = {
  readonly path: string;
  /** What it answers from now on; starts it where it is stopped. */
  answers(reply: ControlReply): Promise<void>;
  has(status: Status): Promise<void>;
  stop(): Promise<void>;
  /** Stops, and removes its directory. */
  remove(): Promise<void>;
};

export function makeStandIn(): StandIn {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  const path = join(directory, 'control.sock');
  let server: ControlServer | null = null;
  let current: ControlReply = { ok: false, error: 'nothing to say' };

  async function answers(reply: ControlReply): Promise<void> {
    current = reply;
    server ??= await openControlServer({ path, handle: async () => current });
  }
  async function stop(): Promise<void> {
    await server?.close();
    server = null;
  }
  return {
    path,
    answers,
    has: (status) => answers({ ok: true, kind: 'status', status }),
    stop,
    async remove() {
      await stop();
      rmSync(directory, { recursive: true });
    },
  };
}
