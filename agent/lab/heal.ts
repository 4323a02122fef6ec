/** The end of a cut, and what follows: when one side can hear the other, and when each address has one owner again. Pure. */
import { type Frame, sentBy } from './frames.ts';
import { type HoldingEvent, spansOf } from './holdings.ts';
import type { LabNode } from './lab.ts';

/** A host that was cut off from all others, as the switch sees it. */
export type CutOff = {
  readonly port: string;
  /** Its own addresses, without prefix. */
  readonly addresses: readonly string[];
  /** Ports of the others. */
  readonly others: readonly string[];
};

export function cutOff(host: LabNode, hosts: readonly LabNode[]): CutOff {
  return {
    port: host.wiring.port,
    addresses: host.wiring.addresses.map((address) => address.split('/')[0] ?? ''),
    others: hosts.filter((other) => other !== host).map(({ wiring }) => wiring.port),
  };
}

/**
 * When the switch passed on the first frame of one side to a host of the other; null: it passed none. What a cut stops came in at the
 * switch, but does not leave it.
 *
 * @param frames what left the switch since the cut began, oldest first, of the hosts alone
 */
export function firstHeardMs(frames: readonly Frame[], { port, addresses, others }: CutOff): number | null {
  const first = frames.find((frame) => {
    const source = sentBy(frame);
    if (frame.direction !== 'out' || source === null) return false;
    return addresses.includes(source) ? others.includes(frame.port) : frame.port === port;
  });
  return first?.atMs ?? null;
}

/** Since when each address has had one holder, up to `toMs`; null: one has two holders then, or none. */
export function oneOwnerFromMs(
  events: readonly HoldingEvent[],
  addresses: readonly string[],
  fromMs: number,
  toMs: number,
): number | null {
  const last = addresses.map((address) => spansOf(events, address, fromMs, toMs).at(-1));
  if (last.some((span) => span?.holders.length !== 1)) return null;
  return Math.max(...last.map((span) => span?.fromMs ?? fromMs));
}
