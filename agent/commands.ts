/** Commands of this host's operators that are under way: each is answered once, when ownership says how it ended. */
import type { CommandReply, CommandRequest, ControlReply } from './control/protocol.ts';
import { type HostName, hostOf } from './membership/view.ts';
import type { Command } from './ownership/command.ts';
import type { SetName } from './ownership/grant.ts';
import { describeReason } from './ownership/reason.ts';
import type { SetMove } from './ownership/state.ts';

export class Commands {
  readonly #dispatch: (id: number, command: Command) => void;
  /** At most as many as the control server lets wait. */
  readonly #waiting = new Map<
    number,
    { readonly kind: Command['kind']; readonly reply: (reply: ControlReply) => void }
  >();
  #id = 0;

  constructor(dispatch: (id: number, command: Command) => void) {
    this.#dispatch = dispatch;
  }

  run(command: Command): Promise<ControlReply> {
    return new Promise((reply) => {
      this.#id += 1;
      this.#waiting.set(this.#id, { kind: command.kind, reply });
      this.#dispatch(this.#id, command);
    });
  }

  done(id: number, moves: readonly SetMove[]): void {
    this.#answer(id, (kind) => ({ ok: true, kind, moves: moves.map(replyMove) }));
  }

  refused(id: number, why: string): void {
    this.#answer(id, () => ({ ok: false, error: why }));
  }

  /** The agent ends. */
  close(): void {
    for (const id of [...this.#waiting.keys()]) this.refused(id, 'the agent ends');
  }

  #answer(id: number, replyTo: (kind: Command['kind']) => ControlReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.reply(replyTo(waiting.kind));
  }
}

/** @param self the host that is meant where none is named */
export function commandOf(request: CommandRequest, self: HostName): Command {
  const name = (host: string | null): HostName => (host ?? self) as HostName; // checked against the view
  switch (request.kind) {
    case 'balance':
    case 'freeze':
    case 'thaw':
    case 'abandon':
      return { kind: request.kind };
    case 'move':
      return { kind: 'move', set: request.set as SetName, host: name(request.host) }; // checked against the pool
    case 'unpin':
      return { kind: 'unpin', set: request.set as SetName }; // likewise
    case 'drain':
    case 'undrain':
      return { kind: request.kind, host: name(request.host) };
  }
}

function replyMove({ set, from, to, reason }: SetMove): CommandReply['moves'][number] {
  return {
    set,
    from: from === null ? null : hostOf(from),
    to: to === null ? 'nobody' : hostOf(to),
    reason: describeReason(reason),
  };
}
