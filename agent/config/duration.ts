/** Durations as the file writes them: a whole number and a unit, `500ms`, `2s`, `1m`, `24h`. */
import { type ConfigError, quote } from './config-error.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

const units = [
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1000 },
  { name: 'ms', ms: 1 },
] as const;

/** Milliseconds; nothing where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  const unit = units.find(({ name }) => name === match?.[2]);
  return unit === undefined ? undefined : Number(match?.[1]) * unit.ms;
}

/** In the largest unit that gives a whole number. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const unit = units.find(({ ms }) => milliseconds % ms === 0) ?? units[3];
  return `${milliseconds / unit.ms}${unit.name}`;
}

/** The value of a key, in milliseconds; undefined: it is left out, or what is wrong is in `errors`. */
export function decodeDuration(
  key: string,
  text: string | undefined,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
  table: TomlTable,
  errors: ConfigError[],
): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds >= minMs && milliseconds <= maxMs) return milliseconds;
  const wrong = milliseconds === undefined ? 'is no duration' : 'is out of range';
  const message = `${key} ${quote(text)} ${wrong}; write ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  errors.push({ ...placeOf(table, key), message });
  return undefined;
}
