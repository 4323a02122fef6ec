/** `[announce]`: how fast, and to whom besides everybody. */
import { isPrefixLength, prefixProblem } from './address.ts';
import type { Announce, IpAddress } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { defaultAnnounceRate } from './defaults.ts';
import { bitLength, formatIp, hostBits, hostMask, parseIp } from './ip-number.ts';
import { announceRateMax, announceRateMin, notifiedHostsMax } from './limits.ts';
import { announceShape, decodeTable, placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

export const defaultAnnounce: Announce = { framesPerSecond: defaultAnnounceRate, notify: [], neighbours: true };

export function decodeAnnounce(table: TomlTable, errors: ConfigError[]): Announce {
  const shape = decodeTable(announceShape, table, '[announce]', errors);
  const { rate = defaultAnnounceRate, notify = [], neighbours = rate >= neighboursRateMin } = shape;
  if (rate < announceRateMin || rate > announceRateMax) {
    const message = `rate ${rate} is out of range; write ${announceRateMin} to ${announceRateMax} frames a second`;
    errors.push({ ...placeOf(table, 'rate'), message });
  }
  const hosts = new Set<IpAddress>();
  for (const [index, text] of notify.entries()) {
    if (text === undefined) continue;
    const at = placeOf(table, 'notify', index);
    const parsed = hostsOf(text);
    if (typeof parsed === 'string') errors.push({ ...at, message: parsed });
    else for (const host of parsed) hosts.add(host);
    if (hosts.size <= notifiedHostsMax) continue;
    errors.push({ ...at, message: `these are more than ${notifiedHostsMax} hosts; write fewer or smaller networks` });
    break;
  }
  return { framesPerSecond: rate, notify: [...hosts], neighbours };
}

/** Below, hundreds of frames to single hosts would hold up the others' for many seconds. */
const neighboursRateMin = 100;

/** Every address of a network that a host can have, at most one more than is allowed; or what is wrong. */
function hostsOf(text: string): readonly IpAddress[] | string {
  const [bare = '', prefix, ...rest] = text.split('/');
  const number = parseIp(bare);
  if (number === undefined || rest.length > 0) {
    return `${quote(text)} is no address and no network; write one like 192.0.2.1 or 192.0.2.0/28`;
  }
  const { family, bits } = number;
  const length = prefix === undefined ? bitLength(family) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (!isPrefixLength(length, family)) return prefixProblem(prefix ?? '', family);
  if (hostBits(number, length) !== 0n) {
    const network = formatIp({ family, bits: bits - hostBits(number, length) });
    return `${text} is a host in a network; write ${bare}, or ${network}/${length} for all of it`;
  }
  const last = hostMask(family, length);
  const special = last > 1n ? 1n : 0n; // the network and the broadcast address; for IPv6 the subnet-router anycast
  const end = family === 4 ? last - special : last;
  const hosts: IpAddress[] = [];
  for (let host = special; host <= end && hosts.length <= notifiedHostsMax; host++) {
    hosts.push(formatIp({ family, bits: bits + host }) as IpAddress); // formatIp writes the canonical form
  }
  return hosts;
}
