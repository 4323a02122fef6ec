/** The MACs that members announce their sets from, as each said last: an answer from one of them says whose host lives. */
import type { MemberId, View } from './membership/view.ts';
import type { MacAddress } from './wire/mac-address.ts';

/** Those of a view, and some that are silent. */
const membersMax = 128;

/** Of the view, without those that are suspected: they may be about to leave it together. */
export function presentOf(view: View | null, suspected: readonly MemberId[]): readonly MemberId[] {
  return view?.members.filter((member) => !suspected.includes(member)) ?? [];
}

export class Stations {
  /** By whom it was told last. */
  readonly #macs = new Map<MemberId, readonly MacAddress[]>();

  learn(member: MemberId, macs: readonly MacAddress[]): void {
    this.#macs.delete(member);
    this.#macs.set(member, macs);
    const [oldest] = this.#macs.keys();
    if (this.#macs.size > membersMax && oldest !== undefined) this.#macs.delete(oldest);
  }

  /**
   * Whether an answer for what a silent member held says that it is not free: it is from that one, or from another that is not in the
   * view and has it by now, since a side that is not heard moves its sets as well. Of one that was silent before this host came no MAC
   * is known: it may be any that is not of the view.
   */
  isElsewhere(mac: MacAddress, silent: MemberId, present: readonly MemberId[]): boolean {
    const isOf = (member: MemberId): boolean => this.#macs.get(member)?.includes(mac) ?? false;
    if (isOf(silent)) return true; // it may be in the view still
    if (present.some(isOf)) return false;
    return !this.#macs.has(silent) || [...this.#macs.keys()].some(isOf);
  }
}
