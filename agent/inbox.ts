/**
 * What the members of a group say to each other, brought to whom it is for. A message that this version does not understand, of a kind
 * that a later one has, is passed over: told once for each reason, counted always.
 */
import { Refusals } from './channel/refusals.ts';
import type { Status } from './control/protocol.ts';
import { hostOf, type MemberId } from './membership/view.ts';
import type { Message } from './ownership/message.ts';
import type { MacAddress } from './wire/mac-address.ts';
import { decodeNeighbours, type Neighbour } from './wire/neighbours-message.ts';
import { decodeOwnershipMessage, type MessageRefusal } from './wire/ownership-message.ts';
import { decodeRestart, type RestartMessage } from './wire/restart-message.ts';
import { decodeStations } from './wire/stations-message.ts';

export type InboxHandlers = {
  onStations(sender: MemberId, stations: readonly MacAddress[]): void;
  onNeighbours(sender: MemberId, neighbours: readonly Neighbour[]): void;
  onRestart(sender: MemberId, message: RestartMessage): void;
  onMessage(sender: MemberId, message: Message): void;
  onTrouble(text: string): void;
};

export class Inbox {
  readonly #handlers: InboxHandlers;
  readonly #passedOver = new Refusals<MessageRefusal['reason']>();

  constructor(handlers: InboxHandlers) {
    this.#handlers = handlers;
  }

  /** By named reason, and the host that sent the newest of each. */
  get passedOver(): Status['passedOver'] {
    return { counts: this.#passedOver.counts(), from: this.#passedOver.newestSenders() };
  }

  deliver(sender: MemberId, payload: Uint8Array): void {
    const stations = decodeStations(payload);
    if (stations !== null) {
      this.#handlers.onStations(sender, stations);
      return;
    }
    const neighbours = decodeNeighbours(payload);
    if (neighbours !== null) {
      this.#handlers.onNeighbours(sender, neighbours);
      return;
    }
    const restart = decodeRestart(payload);
    if (restart !== null) {
      this.#handlers.onRestart(sender, restart);
      return;
    }
    const message = decodeOwnershipMessage(payload);
    if (message.kind === 'refused') this.#passOver(sender, message);
    else this.#handlers.onMessage(sender, message);
  }

  #passOver(sender: MemberId, { reason, at }: MessageRefusal): void {
    const isFirst = this.#passedOver.counts()[reason] === undefined;
    this.#passedOver.count(reason, hostOf(sender));
    if (!isFirst) return;
    const where = at === '' ? '' : ` at ${at}`;
    this.#handlers.onTrouble(`a message of ${hostOf(sender)} is not understood, and passed over: ${reason}${where}`);
  }
}
