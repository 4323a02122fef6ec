/** Which of the privileges the agent needs it does not have. */
import { effectiveCapabilities } from '#native';

/** In the order of capabilities(7): addresses need CAP_NET_ADMIN, packet sockets CAP_NET_RAW. */
const needed = [
  ['CAP_NET_ADMIN', 12n],
  ['CAP_NET_RAW', 13n],
] as const;

/** Names as in capabilities(7); empty where nothing is missing. */
export function missingCapabilities(): readonly string[] {
  const effective = effectiveCapabilities();
  return needed.filter(([, bit]) => (effective & (1n << bit)) === 0n).map(([name]) => name);
}
