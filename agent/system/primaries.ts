/**
 * No address of ours is the primary of a subnet in which the host has one of its own: the host would speak from an address that moves.
 * It comes to that where the host's own arrives later (a flush, a network manager that starts anew). Then ours are removed and added
 * again behind it, in one system call.
 */
import type { SetName } from '../ownership/grant.ts';
import type { KernelAddress } from '../wire/rtnetlink-address.ts';
import type { AddressChange, AddressWatch } from './address-watch.ts';
import { addBehind, isOurs, type LifetimeOptions, listAddresses } from './addresses.ts';
import type { Clock } from './clock.ts';
import type { HeldSets } from './held-sets.ts';
import type { RouteSocket } from './route-socket.ts';
import { isSecondary, sameSubnet } from './secondaries.ts';
import { effectiveSetting } from './sysctls.ts';

export type PrimariesOptions = LifetimeOptions & {
  readonly route: RouteSocket;
  readonly watch: Pick<AddressWatch, 'all' | 'onChange'>;
  readonly clock: Clock;
  readonly held: HeldSets;
  /** Whether what is held may be out of date. */
  readonly doubtful: () => boolean;
  /** Told of every change that is begun. */
  readonly begun: (change: Promise<void>) => void;
  readonly onTrouble: (message: string) => void;
};

/** Whoever adds one address may be about to add more. */
export const settleMs = 20;
/** Something that keeps adding and removing its address does not make ours flap faster than this. */
export const orderIntervalMs = 2_000;

export class Primaries {
  readonly #options: PrimariesOptions;
  readonly #unwatch: () => void;
  #orderedAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(options: PrimariesOptions) {
    this.#options = options;
    this.#unwatch = options.watch.onChange((change) => this.#notice(change));
  }

  /** Of sets that are primaries all the same: without promote_secondaries the kernel would remove the host's own along with them. */
  problems(): ReadonlyMap<SetName, string> {
    const { held, watch } = this.#options;
    const problems = new Map<SetName, string>();
    for (const { primary, host } of accidents(watch.all())) {
      const found = held.find(primary);
      if (found === undefined || promotes(found.address.interface)) continue;
      problems.set(
        found.set,
        `${primary.address} is the primary of its subnet on ${found.address.interface}, before ${host.address} of the host, ` +
          'which speaks from it; it is put behind when promote_secondaries is 1',
      );
    }
    return problems;
  }

  close(): void {
    this.#cancel?.();
    this.#unwatch();
  }

  #notice({ kind, value }: AddressChange): void {
    if (kind === 'removed' || isOurs(value) || value.family !== 4 || !isSecondary(value)) return;
    if (this.#cancel !== null || accidents(this.#options.watch.all()).length === 0) return;
    const { clock, begun } = this.#options;
    const delayMs = Math.max(settleMs, this.#orderedAt + orderIntervalMs - clock.now());
    this.#cancel = clock.after(delayMs, () => {
      this.#cancel = null;
      this.#orderedAt = clock.now();
      begun(this.#order());
    });
  }

  async #order(): Promise<void> {
    const { route, held, doubtful, onTrouble } = this.#options;
    const list = await listAddresses(route);
    if (list.kind === 'failed' || doubtful()) return;
    const wrong = accidents(list.addresses).flatMap(({ primary, host }) => {
      const ours = list.addresses.filter((address) => isOurs(address) && sameSubnet(address, primary));
      // One that is not held any more goes by itself, and is never added again.
      const found = ours.flatMap((there) => {
        const address = held.find(there)?.address;
        return address === undefined ? [] : [{ address, there }];
      });
      return found.every(({ address }) => promotes(address.interface)) ? [{ found, host }] : [];
    });
    for (const error of await addBehind(
      route,
      wrong.flatMap(({ found }) => found),
      this.#options,
    ))
      onTrouble(error.message);
    for (const { found, host } of wrong) {
      const [first] = found;
      if (first === undefined) continue;
      onTrouble(
        `${found.map(({ address }) => address.address).join(' ')} put behind ${host.address} on ${first.address.interface}: the host speaks from that one`,
      );
    }
  }
}

type Accident = { readonly primary: KernelAddress; readonly host: KernelAddress };

/** At most one a subnet. */
function accidents(present: readonly KernelAddress[]): readonly Accident[] {
  const primaries = present.filter((address) => address.family === 4 && isOurs(address) && !isSecondary(address));
  if (primaries.length === 0) return [];
  const hosts = present.filter((address) => address.family === 4 && !isOurs(address) && isSecondary(address));
  return primaries.flatMap((primary) => {
    const host = hosts.find((address) => sameSubnet(address, primary));
    return host === undefined ? [] : [{ primary, host }];
  });
}

function promotes(interfaceName: string): boolean {
  return effectiveSetting('promote_secondaries', interfaceName) === 1;
}
