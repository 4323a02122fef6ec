/** One-way cuts at the switch: what may no longer go from one port to another. Everything else passes. */
import type { Namespace } from './namespace.ts';

export type Cut = {
  /** Port of the switch that the frames come in on; null: any. */
  readonly fromPort: string | null;
  /** Port that they would leave by; null: any. */
  readonly toPort: string | null;
  /** Only UDP datagrams to this port (IPv4 and IPv6); null: every frame. */
  readonly udpPort: number | null;
};

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

function ruleOf(cut: Cut): string {
  const from = cut.fromPort === null ? '' : `iifname "${cut.fromPort}" `;
  const to = cut.toPort === null ? '' : `oifname "${cut.toPort}" `;
  const what = cut.udpPort === null ? '' : `udp dport ${cut.udpPort} `;
  return `${from}${to}${what}drop`;
}
