/** The kernel's settings that matter where addresses move, and what is said of those that are not as they should be. */
import { readFileSync } from 'node:fs';

/** The kernel uses the larger of `all` and the interface's own value for these. */
const settings = [
  {
    key: 'promote_secondaries',
    isRight: (value: number) => value === 1,
    right: '1',
    why: 'removing the primary address of a subnet removes all others of it',
  },
  {
    key: 'arp_announce',
    isRight: (value: number) => value === 2,
    right: '2',
    why: 'a host that gives an address up may still teach its own MAC for it',
  },
  {
    key: 'arp_ignore',
    isRight: (value: number) => value >= 1,
    right: '1',
    why: 'another interface in the same segment may answer for the address with its own MAC',
  },
  {
    key: 'rp_filter',
    isRight: (value: number) => value !== 1,
    right: '2',
    why: 'packets to an address are dropped where the way back is another interface',
  },
] as const;

/**
 * One line for each setting, naming the interfaces it concerns; empty where all is right. Only read: nothing is changed.
 * @param read the content of a file of /proc/sys; throws where there is none
 */
export function sysctlWarnings(
  interfaces: readonly string[],
  read: (path: string) => string = (path) => readFileSync(path, 'latin1'),
): readonly string[] {
  return settings.flatMap(({ key, isRight, right, why }) => {
    const wrong = interfaces.filter((name) => {
      const value = effectiveSetting(key, name, read);
      return value !== null && !isRight(value);
    });
    if (wrong.length === 0) return [];
    return [`net.ipv4.conf.all.${key} should be ${right} (${wrong.join(', ')}): ${why}; see docs/network.md`];
  });
}

/**
 * What is a choice, and neither right nor wrong: at most one line. Without it a service cannot bind to an address before this host has it.
 *
 * @param versions IP versions of the sets' addresses
 * @param read as above
 */
export function sysctlNotes(
  versions: ReadonlySet<4 | 6>,
  read: (path: string) => string = (path) => readFileSync(path, 'latin1'),
): readonly string[] {
  const off = ([4, 6] as const).filter(
    (version) => versions.has(version) && settingAt(`/proc/sys/net/ipv${version}/ip_nonlocal_bind`, read)[0] === 0,
  );
  if (off.length === 0) return [];
  const keys = off.map((version) => `net.ipv${version}.ip_nonlocal_bind`).join(' and ');
  const why =
    'a service cannot bind to an address of a set before this host has it, unless it binds to all or uses IP_FREEBIND';
  return [`${keys} ${off.length === 1 ? 'is' : 'are'} 0: ${why}; see docs/network.md`];
}

/** As the kernel uses it on the interface; null where it has no such setting. */
export function effectiveSetting(
  key: string,
  interfaceName: string,
  read: (path: string) => string = (path) => readFileSync(path, 'latin1'),
): number | null {
  const values = ['all', interfaceName].flatMap((each) => settingAt(`/proc/sys/net/ipv4/conf/${each}/${key}`, read));
  return values.length === 0 ? null : Math.max(...values);
}

function settingAt(path: string, read: (path: string) => string): readonly number[] {
  try {
    const value = Number(read(path));
    return Number.isInteger(value) ? [value] : [];
  } catch {
    return []; // no such interface, or a kernel without the setting
  }
}
