/** Addresses as the file writes them, and which of them a host can have. */
import assert from 'node:assert/strict';
import type { IpAddress, Subnet } from './config.ts';
import { quote } from './config-error.ts';
import { bitLength, formatIp, hostBits, hostMask, type IpNumber, isWithin, parseIp } from './ip-number.ts';

export type Parsed<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  /** `what is wrong; what would be right` */
  | { readonly kind: 'problem'; readonly message: string };

export type SubnetAddress = { readonly number: IpNumber; readonly address: IpAddress; readonly prefixLength: number };

/** An address that carries heartbeats: no prefix length, and a host of another machine can send to it. */
export function parsePath(text: string): Parsed<IpAddress> {
  const [bare = ''] = text.split('/');
  const number = parseIp(bare);
  if (number === undefined) {
    return problem(`${quote(text)} is no IP address; write one that this host has, such as 10.1.0.1`);
  }
  if (bare !== text) return problem(`${text} has a prefix length; write ${bare}`);
  const special = specialKind(number);
  if (special !== undefined) return problem(`${text} is ${special}; write a unicast address that the host has`);
  if (number.family === 6 && isLinkLocal(number)) {
    return problem(
      `${text} is link-local and means another host on every link; write a global or unique local address`,
    );
  }
  return { kind: 'value', value: canonical(number) };
}

/** `address/prefix` */
export function parseSubnetAddress(text: string): Parsed<SubnetAddress> {
  const [bare = '', prefix, ...rest] = text.split('/');
  const number = parseIp(bare);
  if (number === undefined || rest.length > 0) {
    return problem(`${quote(text)} is no IP address; write it like 192.0.2.10/24 or 2001:db8::10/64`);
  }
  if (prefix === undefined) {
    const usual = number.family === 4 ? 24 : 64;
    return problem(`${text} has no prefix length; write the one of its subnet, such as ${text}/${usual}`);
  }
  if (!/^\d{1,3}$/.test(prefix) || !isPrefixLength(Number(prefix), number.family)) {
    return problem(prefixProblem(prefix, number.family));
  }
  return checkSubnetAddress(number, Number(prefix));
}

/** `network/prefix`: where an interface is looked for. */
export function parseSubnet(text: string): Parsed<Subnet> {
  const [bare = '', prefix = '', ...rest] = text.split('/');
  const number = parseIp(bare);
  if (number === undefined || rest.length > 0) {
    return problem(`${quote(text)} is no subnet; write it like 10.1.0.0/24, or the name of an interface`);
  }
  if (!/^\d{1,3}$/.test(prefix) || !isPrefixLength(Number(prefix), number.family)) {
    return problem(prefixProblem(prefix, number.family));
  }
  const subnet = subnetOf(number, Number(prefix));
  if (hostBits(number, Number(prefix)) !== 0n) return problem(`${text} is an address in a subnet; write ${subnet}`);
  return { kind: 'value', value: subnet };
}

export function subnetOf(number: IpNumber, prefixLength: number): Subnet {
  const { family, bits } = number;
  return `${formatIp({ family, bits: bits - hostBits(number, prefixLength) })}/${prefixLength}` as Subnet; // canonical
}

/** Whether a host of that subnet can have the address. */
export function checkSubnetAddress(number: IpNumber, prefixLength: number): Parsed<SubnetAddress> {
  const address = canonical(number);
  const special = specialKind(number);
  if (special !== undefined) return problem(`${address} is ${special}; write a unicast address`);
  const outside = outsideHosts(number, prefixLength);
  if (outside !== undefined) return problem(`${address}/${prefixLength} is ${outside}`);
  return { kind: 'value', value: { number, address, prefixLength } };
}

export function parseMulticast(text: string): Parsed<IpAddress> {
  const number = parseIp(text);
  if (number === undefined || !isMulticast(number)) {
    return problem(`${quote(text)} is no multicast address; write one such as 239.255.72.68 or ff12::4807`);
  }
  if (isWithin(number, network('224.0.0.0'), 24)) {
    return problem(`${text} is reserved for routing protocols; write one of 239.255.0.0/16`);
  }
  if (number.family === 6 && ((number.bits >> 112n) & 0xfn) < 2n) {
    return problem(`${text} does not leave the host; write a link-local one such as ff12::4807`);
  }
  return { kind: 'value', value: canonical(number) };
}

export function isPrefixLength(length: number, family: 4 | 6): boolean {
  return Number.isInteger(length) && length >= 1 && length <= bitLength(family);
}

export function prefixProblem(length: string | number, family: 4 | 6): string {
  return `prefix length ${length} is out of range; IPv${family} has 1 to ${bitLength(family)}`;
}

/** fe80::/10 (RFC 4291 §2.5.6): one address may be on every link. 169.254.0.0/16 has no zones in Linux. */
export function isLinkLocal(number: IpNumber): boolean {
  return isWithin(number, network('fe80::'), 10);
}

function canonical(number: IpNumber): IpAddress {
  return formatIp(number) as IpAddress; // with parseIp the one place that makes one
}

/** What no host can have, whatever its subnet. */
function specialKind(number: IpNumber): string | undefined {
  if (isMulticast(number)) return 'a multicast address';
  return specialBlocks.find(({ network, prefixLength }) => isWithin(number, network, prefixLength))?.kind;
}

/** RFC 6890 and RFC 4291 §2.5, the first that fits. */
const specialBlocks = [
  { network: network('0.0.0.0'), prefixLength: 32, kind: 'the unspecified address' },
  { network: network('0.0.0.0'), prefixLength: 8, kind: 'of 0.0.0.0/8, which stands for "this network"' },
  { network: network('127.0.0.0'), prefixLength: 8, kind: 'a loopback address' },
  { network: network('255.255.255.255'), prefixLength: 32, kind: 'the broadcast address' },
  { network: network('240.0.0.0'), prefixLength: 4, kind: 'of 240.0.0.0/4, which is reserved' },
  { network: network('::'), prefixLength: 128, kind: 'the unspecified address' },
  { network: network('::1'), prefixLength: 128, kind: 'the loopback address' },
  { network: network('::ffff:0:0'), prefixLength: 96, kind: 'an IPv4-mapped address' },
] as const;

/** Subnets of one or two addresses have only hosts (RFC 3021, RFC 6164). */
function outsideHosts({ family, bits }: IpNumber, prefixLength: number): string | undefined {
  if (prefixLength >= bitLength(family) - 1) return undefined;
  const mask = hostMask(family, prefixLength);
  const host = hostBits({ family, bits }, prefixLength);
  if (host !== 0n && (family === 6 || host !== mask)) return undefined;
  const first = formatIp({ family, bits: bits - host + 1n });
  if (family === 6) return `the subnet-router anycast address; write a host's address, such as ${first}`;
  const last = formatIp({ family, bits: bits - host + mask - 1n });
  return `the ${host === 0n ? 'network' : 'broadcast'} address of its subnet; write one of ${first} to ${last}`;
}

function isMulticast(number: IpNumber): boolean {
  return isWithin(number, network('224.0.0.0'), 4) || isWithin(number, network('ff00::'), 8);
}

function network(text: string): IpNumber {
  const number = parseIp(text);
  assert(number !== undefined);
  return number;
}

function problem(message: string): { readonly kind: 'problem'; readonly message: string } {
  return { kind: 'problem', message };
}
