/** Who may own a set and who should: the keys that `[set.NAME]` and `[pool.NAME]` share. */
import type { HostName } from '../membership/view.ts';
import type { Host, SetPolicy } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { failbackMsMax, hostsMax } from './limits.ts';
import { nameProblem } from './names.ts';
import { nearestName } from './nearest.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

type PolicyContext = {
  readonly hosts: readonly Host[];
  readonly defaults: PolicyDefaults;
  readonly errors: ConfigError[];
};

type PolicyTexts = {
  readonly only?: readonly (string | undefined)[] | undefined;
  readonly apart?: string | undefined;
  readonly failback?: string | undefined;
  readonly handover?: string | undefined;
};

/** What holds where a set or a pool says nothing of its own. */
export type PolicyDefaults = { readonly failbackMs: number | null };

/** Defaults stand in for what is wrong and told. */
export function decodeSetPolicy(
  texts: PolicyTexts,
  table: TomlTable,
  { hosts, defaults, errors }: PolicyContext,
): SetPolicy {
  return {
    only: texts.only === undefined ? null : decodeOnly(texts.only, table, hosts, errors),
    apart: texts.apart === undefined ? null : decodeApart(texts.apart, table, errors),
    handover: decodeHandover(texts.handover ?? 'make-before-break', table, errors),
    failbackMs: texts.failback === undefined ? defaults.failbackMs : decodeFailback(texts.failback, table, errors),
  };
}

function decodeHandover(text: string, table: TomlTable, errors: ConfigError[]): SetPolicy['handover'] {
  if (text === 'make-before-break' || text === 'break-before-make') return text;
  const message = `handover ${quote(text)} is unknown; write "make-before-break" or "break-before-make"`;
  errors.push({ ...placeOf(table, 'handover'), message });
  return 'make-before-break';
}

/** What stands at the top of the file. */
export function decodePolicyDefaults(
  { failback }: { readonly failback?: string | undefined },
  table: TomlTable,
  errors: ConfigError[],
): PolicyDefaults {
  return { failbackMs: failback === undefined ? null : decodeFailback(failback, table, errors) };
}

/** Milliseconds; null: never. */
function decodeFailback(text: string, table: TomlTable, errors: ConfigError[]): number | null {
  if (text === 'never') return null;
  if (text === 'immediately') return 0;
  const [, duration] = /^after (\S+)$/.exec(text) ?? [];
  const milliseconds = duration === undefined ? undefined : parseDuration(duration);
  if (milliseconds !== undefined && milliseconds <= failbackMsMax) return milliseconds;
  const wrong = milliseconds === undefined ? 'is unknown' : 'is too long';
  const right = `"never", "immediately" or "after 5m", at most ${formatDuration(failbackMsMax)}`;
  errors.push({ ...placeOf(table, 'failback'), message: `failback ${quote(text)} ${wrong}; write ${right}` });
  return null;
}

function decodeOnly(
  names: readonly (string | undefined)[],
  table: TomlTable,
  hosts: readonly Host[],
  errors: ConfigError[],
): readonly HostName[] {
  if (names.length === 0) {
    const message = 'only names no host, so that nobody could own it; write at least one, or leave the key out';
    errors.push({ ...placeOf(table, 'only'), message });
  }
  return decodeHostNames('only', names, table, hosts, errors);
}

function decodeApart(word: string, table: TomlTable, errors: ConfigError[]): string {
  const problem = nameProblem('apart', word);
  if (problem !== undefined) errors.push({ ...placeOf(table, 'apart'), message: problem });
  return word;
}

/** A list of hosts of the file, each once. */
export function decodeHostNames(
  key: 'prefer' | 'only',
  names: readonly (string | undefined)[],
  table: TomlTable,
  hosts: readonly Host[],
  errors: ConfigError[],
): readonly HostName[] {
  const known = hosts.map(({ name }) => name);
  const listed: HostName[] = [];
  if (names.length > hostsMax) {
    const message = `${names.length} hosts are more than there can be; write each once`;
    errors.push({ ...placeOf(table, key), message });
  }
  for (const [index, name] of names.slice(0, hostsMax).entries()) {
    if (name === undefined) continue;
    const place = placeOf(table, key, index);
    const host = known.find((candidate) => candidate === name);
    if (host === undefined) {
      const nearest = nearestName(name, known);
      const right = nearest === undefined ? `the hosts are: ${known.join(', ')}` : `the nearest is "${nearest}"`;
      errors.push({ ...place, message: `there is no host ${quote(name)}; ${right}` });
    } else if (hosts.find((each) => each.name === name)?.witness) {
      errors.push({ ...place, message: `"${name}" is a witness and owns nothing; leave it out` });
    } else if (listed.includes(host)) {
      errors.push({ ...place, message: `"${name}" is ${listedAs[key]} already; keep the first` });
    } else {
      listed.push(host);
    }
  }
  return listed;
}

const listedAs = { prefer: 'preferred', only: 'listed' } as const;
