/**
 * Names as the host is configured to look them up: /etc/hosts, where the hosts of a cluster often are, then DNS. Rejected: getaddrinfo (dns.lookup),
 * which cannot be called off: it keeps a thread of the process's pool, and the end of the process waits for that thread. So neither search domains
 * nor other sources of nsswitch.conf are asked.
 */
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { canonicalIpAddress } from '../wire/ip-address.ts';

export type NameService = {
  /** Every address of both IP versions. Rejects where there is none to be had, and soon after it is called off. */
  lookUp(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** From one round over all names to the next. */
  readonly againMs: number;
  /** The same after one that failed, doubled up to `againMs` while it does. */
  readonly retryMs: number;
};

export type NameSources = {
  readonly hostsFile: string;
  /** null: those of resolv.conf, read anew for every name. */
  readonly servers: readonly string[] | null;
};

/** Of each server in turn; the second try waits twice as long. */
const queryMs = 2_000;
const queryTries = 2;

/** The interval is a usual lifetime of records that are meant to change. */
export function namesFrom({ hostsFile, servers }: NameSources): NameService {
  return {
    againMs: 30_000,
    retryMs: 2_000,
    async lookUp(name, signal) {
      const listed = addressesIn(await textOf(hostsFile), name);
      return listed.length > 0 ? listed : await query(name, servers, signal);
    },
  };
}

export const systemNames = namesFrom({ hostsFile: '/etc/hosts', servers: null });

/** What a file of the form of /etc/hosts says of a name (hosts(5)): an address and its names on each line. */
export function addressesIn(text: string, name: string): readonly string[] {
  const wanted = withoutDot(name);
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const fits = names.some((each) => withoutDot(each.toLowerCase()) === wanted);
    return fits && canonicalIpAddress(address) !== null ? [address] : [];
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return ''; // no such file says nothing of any name
  }
}

/** One IP version without an answer is usual. */
async function query(name: string, servers: readonly string[] | null, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout: queryMs, tries: queryTries });
  if (servers !== null) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = [ipv4, ipv6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0 && ipv4.status === 'rejected') throw ipv4.reason;
    return found;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}
