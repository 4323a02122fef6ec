/** Names of hosts, sets, pools, groups and interfaces: what they may be made of. */
import { quote } from './config-error.ts';
import { interfaceNameBytesMax, nameLengthMax } from './limits.ts';

/**
 * What is wrong with a name, and what would be right. The shape of a DNS label, in lower case so that two names never
 * differ by case alone.
 *
 * @param lengthMax for names that get something appended
 */
export function nameProblem(what: string, name: string, lengthMax: number = nameLengthMax): string | undefined {
  if (name.length > lengthMax) {
    return `${what} name ${quote(name)} has ${name.length} characters; write at most ${lengthMax}`;
  }
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return undefined;
  const better = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const example = better === '' ? '' : `, such as ${better}`;
  return `${what} name ${quote(name)} does not fit; write a-z, 0-9 and inner hyphens${example}`;
}

/** Linux's dev_valid_name(), and without the colon that would mean an alias. */
export function interfaceProblem(name: string): string | undefined {
  if (name === 'lo') return 'interface lo cannot announce an address; write the one that the clients are on';
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= interfaceNameBytesMax && name !== '.' && name !== '..' && !/[/:\s]/.test(name)) {
    return undefined;
  }
  return `${quote(name)} is no interface name; write one that "ip link" lists, at most ${interfaceNameBytesMax} bytes`;
}
