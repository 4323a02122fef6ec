/** What a kernel has, asked through `ip -j addr`. */
import type { Namespace } from './namespace.ts';

export type KernelAddress = {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
  /** 'global' | 'link' | 'host' | … */
  readonly scope: string;
  /** Remaining lifetime. */
  readonly validSeconds: number | 'forever';
};

/** The part of `ip -j addr` that is used; iproute2 gives no schema. */
type IpLink = {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
    readonly valid_life_time: number;
  }[];
};

export async function addressesOf(namespace: Namespace): Promise<readonly KernelAddress[]> {
  const links = JSON.parse(await namespace.run(['ip', '-j', 'addr', 'show'])) as readonly IpLink[]; // its shape: see IpLink
  return links.flatMap((link) =>
    link.addr_info.map((info) => ({
      interface: link.ifname,
      address: info.local,
      prefixLength: info.prefixlen,
      scope: info.scope,
      validSeconds: info.valid_life_time === 0xffffffff ? ('forever' as const) : info.valid_life_time,
    })),
  );
}
