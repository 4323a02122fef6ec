/**
 * Which interfaces addresses can be claimed on: up, with a carrier, settled, and heard from. A switch port that has just come up
 * may discard for up to 30 s (spanning tree, LACP): what is announced into it reaches nobody, so a frame has to come in first.
 */
import { type NativeSocket, openPacket } from '#native';
import type { Clock } from './clock.ts';
import type { Link, LinkTable } from './links.ts';

export type LinkReadinessOptions = {
  readonly clock: Clock;
  readonly links: LinkTable;
  /** Those that carry sets, by name. */
  readonly interfaces: readonly string[];
  /** A hindrance came, went, or has another reason. */
  readonly onChange: () => void;
};

/** A link that flaps brings no set back before it has been up for so long. */
export const holdDownMs = 1_000;
/** A segment may really be silent: after this a link that came up counts without a frame. Spanning tree takes 30 s. */
export const silenceMsMax = 35_000;
/** The kernel may tell of a lost carrier up to a second late; asked, it says so at once. */
export const askIntervalMs = 250;

/** Since it came up: when, and whether a frame has come in. */
type Settling = { readonly since: number; heard: boolean; listener: NativeSocket | null };

export class LinkReadiness {
  readonly #options: LinkReadinessOptions;
  /** By name; those that are not ready and not hindered from outside. */
  readonly #settling = new Map<string, Settling>();
  /** Index of each that was usable when last looked at; null: it was not. */
  readonly #usable = new Map<string, number | null>();
  #cancelLook: () => void = () => {};
  #cancelAsk: () => void = () => {};
  #closed = false;

  constructor(options: LinkReadinessOptions) {
    this.#options = options;
  }

  /** Links that are up now count as settled where they ever received a frame. */
  async open(): Promise<void> {
    const { links, interfaces } = this.#options;
    for (const name of interfaces) this.#usable.set(name, usableIndex(links, name));
    this.#ask();
    for (const name of interfaces) {
      const link = links.byName(name);
      if (link === undefined || this.#usable.get(name) === null) continue;
      if ((await links.receivedFrames(link.index)) === 0 && !this.#closed) this.#settle(name, link);
    }
    this.look();
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook();
    this.#cancelAsk();
    for (const name of [...this.#settling.keys()]) this.#forget(name);
  }

  /** Null: it can carry addresses. Else why not, to follow "cannot hold it". */
  hindrance(name: string): string | null {
    const outside = outsideHindrance(this.#options.links, name);
    if (outside !== null) return outside;
    const settling = this.#settling.get(name);
    if (settling === undefined) return null;
    return settling.heard
      ? `interface ${name} came up less than ${holdDownMs / 1000} s ago`
      : `interface ${name} came up and has received nothing yet`;
  }

  /** After a link has changed. */
  look(): void {
    const { links, interfaces, clock, onChange } = this.#options;
    const now = clock.now();
    for (const name of interfaces) {
      const index = usableIndex(links, name);
      const before = this.#usable.get(name);
      this.#usable.set(name, index);
      const link = links.byName(name);
      if (index === null) this.#forget(name);
      else if (before !== undefined && before !== index && link !== undefined) this.#settle(name, link);
      const settling = this.#settling.get(name);
      if (settling !== undefined && readyAt(settling) <= now) this.#forget(name);
    }
    this.#arm(now);
    onChange();
  }

  #settle(name: string, link: Link): void {
    this.#forget(name);
    const settling: Settling = { since: this.#options.clock.now(), heard: false, listener: null };
    this.#settling.set(name, settling);
    const onMessage = () => {
      settling.heard = true;
      settling.listener?.close();
      this.look();
    };
    try {
      // All protocols, one byte of each: that something came is all there is to know.
      const options = { interfaceIndex: link.index, etherType: allProtocols, filter: oneByte, outgoing: false };
      settling.listener = openPacket(options, { onMessage, onError() {} });
    } catch {
      settling.heard = true; // it has gone again, which the link table is about to say
    }
  }

  #forget(name: string): void {
    this.#settling.get(name)?.listener?.close();
    this.#settling.delete(name);
  }

  #arm(now: number): void {
    this.#cancelLook();
    const instants = [...this.#settling.values()].map(readyAt);
    if (instants.length === 0) return;
    const at = instants.reduce((a, b) => Math.min(a, b));
    this.#cancelLook = this.#options.clock.after(Math.max(1, at - now), () => this.look());
  }

  #ask(): void {
    this.#cancelAsk = this.#options.clock.after(askIntervalMs, () => {
      for (const index of this.#usable.values()) if (index !== null) void this.#options.links.refresh(index);
      this.#ask();
    });
  }
}

/** ETH_P_ALL */
const allProtocols = 3;
const oneByte = [[0x06, 0, 0, 1]] as const;

function readyAt({ since, heard }: Settling): number {
  return since + (heard ? holdDownMs : silenceMsMax);
}

function usableIndex(links: LinkTable, name: string): number | null {
  return outsideHindrance(links, name) === null ? (links.byName(name)?.index ?? null) : null;
}

function outsideHindrance(links: LinkTable, name: string): string | null {
  const link = links.byName(name);
  if (link === undefined) return `interface ${name} does not exist`;
  if (!link.up) return `interface ${name} is down`;
  if (!link.carrier) return `interface ${name} has no carrier`;
  // tun, a point-to-point link, `arp off`: nobody could be told that the address has moved.
  if (!link.arp) return `interface ${name} has no ARP: stations could not be told where the address is`;
  const master = link.master === null ? undefined : links.byIndex(link.master);
  // A VRF leaves the addresses where they are; these take every frame before they are looked at.
  if (master?.kind === 'bridge' || master?.kind === 'bond' || master?.kind === 'team') {
    return `interface ${name} is a port of ${master.name}`;
  }
  return null;
}
