/** The MACs that members announce their sets from, as each said last: an answer from one of them says whose host lives. */
import type { MemberId } from './membership/view.ts';
import type { MacAddress } from './wire/mac-address.ts';

/** Those of a view, and some that are silent. */
const membersMax = 128;

export class Stations {
  /** By whom it was told last. */
  readonly #macs = new Map<MemberId, readonly MacAddress[]>();

  learn(member: MemberId, macs: readonly MacAddress[]): void {
    this.#macs.delete(member);
    this.#macs.set(member, macs);
    const [oldest] = this.#macs.keys();
    if (this.#macs.size > membersMax && oldest !== undefined) this.#macs.delete(oldest);
  }

  /** Whether it has told any. */
  knows(member: MemberId): boolean {
    return this.#macs.has(member);
  }

  isOf(mac: MacAddress, member: MemberId): boolean {
    return this.#macs.get(member)?.includes(mac) ?? false;
  }
}
