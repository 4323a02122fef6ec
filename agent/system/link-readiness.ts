/**
 * Which interfaces addresses can be claimed on: up, with a carrier, settled, and heard from. A switch port that has just come up
 * may discard for up to 30 s (spanning tree, LACP): what is announced into it reaches nobody, so a frame has to come in first.
 */
import { type NativeSocket, openPacket } from '#native';
import type { InterfaceChoice } from '../config/config.ts';
import type { Clock } from './clock.ts';
import type { FoundInterface, InterfaceFinder } from './interface-finder.ts';
import type { Link, LinkTable } from './links.ts';

export type LinkReadinessOptions = {
  readonly clock: Clock;
  readonly links: LinkTable;
  readonly finder: Pick<InterfaceFinder, 'find'>;
  /** Those that carry sets. */
  readonly interfaces: readonly InterfaceChoice[];
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
  #interfaces: readonly InterfaceChoice[];
  /** Those that are not ready and not hindered from outside. */
  readonly #settling = new Map<InterfaceChoice, Settling>();
  /** Index of each that was usable when last looked at; null: it was not. */
  readonly #usable = new Map<InterfaceChoice, number | null>();
  #cancelLook: () => void = () => {};
  #cancelAsk: () => void = () => {};
  #closed = false;

  constructor(options: LinkReadinessOptions) {
    this.#options = options;
    this.#interfaces = options.interfaces;
  }

  /** Links that are up now count as settled where they ever received a frame. */
  async open(): Promise<void> {
    this.#cancelAsk = this.#options.clock.every(askIntervalMs, () => this.#ask());
    await this.#begin(this.#interfaces);
  }

  /** Others carry sets now: those that are new begin as at the start. */
  async change(interfaces: readonly InterfaceChoice[]): Promise<void> {
    const gone = this.#interfaces.filter((choice) => !interfaces.includes(choice));
    const added = interfaces.filter((choice) => !this.#interfaces.includes(choice));
    this.#interfaces = interfaces;
    for (const choice of gone) {
      this.#forget(choice);
      this.#usable.delete(choice);
    }
    await this.#begin(added);
  }

  async #begin(interfaces: readonly InterfaceChoice[]): Promise<void> {
    const { links } = this.#options;
    for (const choice of interfaces) this.#usable.set(choice, this.#usableLink(choice)?.index ?? null);
    for (const choice of interfaces) {
      const link = this.#usableLink(choice);
      if (link === null) continue;
      if ((await links.receivedFrames(link.index)) === 0 && !this.#closed) this.#settle(choice, link);
    }
    this.look();
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook();
    this.#cancelAsk();
    for (const choice of [...this.#settling.keys()]) this.#forget(choice);
  }

  /** Null: it can carry addresses. Else why not, to follow "cannot hold it". */
  hindrance(choice: InterfaceChoice): string | null {
    const { links, finder } = this.#options;
    const place = finder.find(choice);
    const outside = outsideHindrance(links, place);
    if (outside !== null) return outside;
    const settling = this.#settling.get(choice);
    if (settling === undefined) return null;
    const name = place.kind === 'found' ? place.link.name : choice;
    return settling.heard
      ? `interface ${name} came up less than ${holdDownMs / 1000} s ago`
      : `interface ${name} came up and has received nothing yet`;
  }

  /** After a link has changed, or an address by which one is found. */
  look(): void {
    const { clock, onChange } = this.#options;
    const now = clock.now();
    for (const choice of this.#interfaces) {
      const link = this.#usableLink(choice);
      const before = this.#usable.get(choice);
      this.#usable.set(choice, link?.index ?? null);
      if (link === null) this.#forget(choice);
      else if (before !== undefined && before !== link.index) this.#settle(choice, link);
      const settling = this.#settling.get(choice);
      if (settling !== undefined && readyAt(settling) <= now) this.#forget(choice);
    }
    this.#arm(now);
    onChange();
  }

  #usableLink(choice: InterfaceChoice): Link | null {
    const { links, finder } = this.#options;
    const place = finder.find(choice);
    return place.kind === 'found' && outsideHindrance(links, place) === null ? place.link : null;
  }

  #settle(choice: InterfaceChoice, link: Link): void {
    this.#forget(choice);
    const settling: Settling = { since: this.#options.clock.now(), heard: false, listener: null };
    this.#settling.set(choice, settling);
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

  #forget(choice: InterfaceChoice): void {
    this.#settling.get(choice)?.listener?.close();
    this.#settling.delete(choice);
  }

  #arm(now: number): void {
    this.#cancelLook();
    const instants = [...this.#settling.values()].map(readyAt);
    if (instants.length === 0) return;
    const at = instants.reduce((a, b) => Math.min(a, b));
    this.#cancelLook = this.#options.clock.after(Math.max(1, at - now), () => this.look());
  }

  #ask(): void {
    for (const index of new Set(this.#usable.values())) if (index !== null) void this.#options.links.refresh(index);
  }
}

/** ETH_P_ALL */
const allProtocols = 3;
const oneByte = [[0x06, 0, 0, 1]] as const;

function readyAt({ since, heard }: Settling): number {
  return since + (heard ? holdDownMs : silenceMsMax);
}

function outsideHindrance(links: LinkTable, place: FoundInterface): string | null {
  if (place.kind === 'none') return place.why;
  const { link } = place;
  const { name } = link;
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
