/** Which interface of this host an address of the file belongs on: the one that is named, or that is in the subnet which is named. */
import type { InterfaceChoice, InterfaceName } from '../config/config.ts';
import { isWithin, parseIp } from '../config/ip-number.ts';
import type { AddressWatch } from './address-watch.ts';
import { isOurs } from './addresses.ts';
import type { Link, LinkTable } from './links.ts';

export type FoundInterface =
  | { readonly kind: 'found'; readonly link: Link & { readonly name: InterfaceName } }
  /** To follow "cannot hold it": `interface eth0 does not exist`. */
  | { readonly kind: 'none'; readonly why: string };

export type InterfaceFinderOptions = {
  readonly links: Pick<LinkTable, 'byName' | 'byIndex' | 'onChange'>;
  readonly watch: Pick<AddressWatch, 'all' | 'onChange'>;
};

export class InterfaceFinder {
  readonly #options: InterfaceFinderOptions;
  /** Index of the interface that was found in a subnet last. At most one a subnet of the file. */
  readonly #last = new Map<InterfaceChoice, number>();
  /** Until a link or an address of the host changes: a pool asks for each of its addresses. */
  readonly #found = new Map<InterfaceChoice, FoundInterface>();
  readonly #endings: readonly (() => void)[];

  constructor(options: InterfaceFinderOptions) {
    this.#options = options;
    this.#endings = [
      options.links.onChange(() => this.#found.clear()),
      options.watch.onChange(({ value }) => {
        if (!isOurs(value)) this.#found.clear();
      }),
    ];
  }

  close(): void {
    for (const end of this.#endings) end();
  }

  /**
   * In a subnet it stays the one that it was while that has an address there, or no other has: whoever flushes a host's addresses, or adds
   * a second interface, takes no set from it.
   */
  find(choice: InterfaceChoice): FoundInterface {
    const known = this.#found.get(choice) ?? this.#find(choice);
    this.#found.set(choice, known);
    return known;
  }

  /** Several interfaces are in the subnet, one of which was there first: to be said before a restart finds no answer. */
  ambiguity(choice: InterfaceChoice): string | null {
    const inside = choice.includes('/') ? this.#inSubnet(choice) : [];
    const kept = this.find(choice);
    if (inside.length < 2 || kept.kind === 'none') return null;
    return `${namesOf(inside)} have addresses in ${choice}: it stays on ${kept.link.name} until the agent restarts; name one of them`;
  }

  #find(choice: InterfaceChoice): FoundInterface {
    const { links } = this.#options;
    if (!choice.includes('/')) {
      const link = links.byName(choice);
      return link === undefined ? { kind: 'none', why: `interface ${choice} does not exist` } : found(link);
    }
    const inside = this.#inSubnet(choice);
    const last = links.byIndex(this.#last.get(choice) ?? noIndex);
    const kept = last !== undefined && (inside.length === 0 || inside.includes(last)) ? last : undefined;
    const link = kept ?? (inside.length === 1 ? inside[0] : undefined);
    if (link !== undefined) {
      this.#last.set(choice, link.index);
      return found(link);
    }
    if (inside.length === 0) return { kind: 'none', why: `no interface of this host has an address in ${choice}` };
    return { kind: 'none', why: `${namesOf(inside)} have addresses in ${choice}: name one of them` };
  }

  /** With an address there that is not virtual; loopback is nobody's segment. */
  #inSubnet(choice: InterfaceChoice): readonly Link[] {
    const [text = '', prefix = ''] = choice.split('/');
    const network = parseIp(text);
    const inside = this.#options.watch.all().flatMap((address) => {
      const number = isOurs(address) ? undefined : parseIp(address.address);
      if (number === undefined || network === undefined || !isWithin(number, network, Number(prefix))) return [];
      const link = this.#options.links.byIndex(address.interfaceIndex);
      return link === undefined || link.loopback ? [] : [link];
    });
    return [...new Set(inside)].sort((a, b) => a.index - b.index);
  }
}

/** The kernel counts from 1. */
const noIndex = 0;

function found(link: Link): FoundInterface {
  return { kind: 'found', link: { ...link, name: link.name as InterfaceName } }; // the kernel's own name of it
}

function namesOf(links: readonly Link[]): string {
  return `interfaces ${links.map(({ name }) => name).join(' and ')}`;
}
