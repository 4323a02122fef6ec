/** `probe` and `conflict`: what is done about stations outside of the group that have an address of the pool. */
import type { Config } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { defaultProbeMs } from './defaults.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { probeMsMax, probeMsMin } from './limits.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

type ConflictTexts = { readonly probe?: string | undefined; readonly conflict?: string | undefined };

/** Defaults stand in for what is wrong and told. */
export function decodeConflicts(
  { probe, conflict = 'keep' }: ConflictTexts,
  table: TomlTable,
  errors: ConfigError[],
): Pick<Config, 'probeMs' | 'conflict'> {
  const probeMs = probe === undefined ? defaultProbeMs : probe === 'off' ? null : (parseDuration(probe) ?? Number.NaN);
  if (probeMs !== null && !(probeMs >= probeMsMin && probeMs <= probeMsMax)) {
    const range = `${formatDuration(probeMsMin)} to ${formatDuration(probeMsMax)}`;
    errors.push({
      ...placeOf(table, 'probe'),
      message: `probe ${quote(probe ?? '')} does not fit; write ${range}, or "off"`,
    });
  }
  if (conflict === 'keep' || conflict === 'yield') return { probeMs, conflict };
  const message = `conflict ${quote(conflict)} is unknown; write "keep" or "yield"`;
  errors.push({ ...placeOf(table, 'conflict'), message });
  return { probeMs, conflict: 'keep' };
}
