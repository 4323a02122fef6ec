/** One-way cuts at the switch: what may no longer go from one port to another. Everything else passes. */
import type { Namespace } from './namespace.ts';

export type Cut = {
  /** Port of the switch that the frames come in on; null: any. */
  readonly fromPort: string | null;
  /** Port that they would leave by; null: any. */
  readonly toPort: string | null;
  /** What alone is cut; null: every frame. */
  readonly only: CutProtocol | null;
};

/** UDP datagrams to this port (IPv4 and IPv6), or an IPv4 protocol. */
export type CutProtocol = { readonly udpPort: number } | { readonly ipProtocol: number };

/** Puts exactly these cuts in force, in one transaction. */
export async function applyCuts(switchNamespace: Namespace, cuts: Iterable<Cut>): Promise<void> {
  const rules = [...cuts].map((cut) => `    ${ruleOf(cut)}`);
  const table = [
    'table bridge lab',
    'delete table bridge lab',
    'table bridge lab {',
    '  chain forward {',
    '    type filter hook forward priority 0; policy accept;',
    ...rules,
    '  }',
    '}',
  ];
  await switchNamespace.run(['nft', '-f', '-'], `${table.join('\n')}\n`);
}

/** The same for tcpdump. */
export function captureFilterOf(only: CutProtocol): string {
  return 'udpPort' in only ? `udp dst port ${only.udpPort}` : `ip proto ${only.ipProtocol}`;
}

function ruleOf(cut: Cut): string {
  const from = cut.fromPort === null ? '' : `iifname "${cut.fromPort}" `;
  const to = cut.toPort === null ? '' : `oifname "${cut.toPort}" `;
  return `${from}${to}${cut.only === null ? '' : `${matchOf(cut.only)} `}drop`;
}

function matchOf(only: CutProtocol): string {
  return 'udpPort' in only ? `udp dport ${only.udpPort}` : `ip protocol ${only.ipProtocol}`;
}
