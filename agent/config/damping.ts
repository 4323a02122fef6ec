/** `[damping]`: how a host that leaves again and again without a word is kept from getting sets (RFC 2439's shape). */
import type { DampingSettings } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { decodeDuration, formatDuration } from './duration.ts';
import { dampingMsMax, dampingMsMin, suppressMax, suppressMin } from './limits.ts';
import { dampingShape, decodeTable, placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

/** It keeps the number finite; no host leaves a thousand times before it is looked at. */
const penaltyMax = 1_000_000;
const defaults = { halfLifeMs: 900_000, suppress: 2_000, reuse: 750, longestMs: 3_600_000 };
const range = { minMs: dampingMsMin, maxMs: dampingMsMax };

export const defaultDamping: DampingSettings = settingsOf(defaults);

/** null: off. Defaults stand in for what is wrong and told. */
export function decodeDamping(table: TomlTable, errors: ConfigError[]): DampingSettings | null {
  const {
    mode = 'on',
    half_life,
    suppress = defaults.suppress,
    reuse = defaults.reuse,
    longest,
  } = decodeTable(dampingShape, table, '[damping]', errors);
  const tell = (key: string, message: string): void => void errors.push({ ...placeOf(table, key), message });
  if (mode !== 'on' && mode !== 'off') tell('mode', `mode ${quote(mode)} is unknown; write "on" or "off"`);
  if (mode === 'off') {
    for (const key of ['half_life', 'suppress', 'reuse', 'longest']) {
      if (table.entries.has(key)) tell(key, `${key} has no effect with mode = "off"; remove it`);
    }
    return null;
  }
  if (suppress < suppressMin || suppress > suppressMax) {
    tell('suppress', `suppress ${suppress} is out of range; write ${suppressMin} to ${suppressMax}`);
    return defaultDamping;
  }
  if (reuse < 1 || reuse >= suppress) {
    tell(
      table.entries.has('reuse') ? 'reuse' : 'suppress',
      `reuse ${reuse} does not fit; write 1 to ${suppress - 1}, less than suppress`,
    );
    return defaultDamping;
  }
  const times = {
    halfLifeMs: decodeDuration('half_life', half_life, range, table, errors) ?? defaults.halfLifeMs,
    longestMs: decodeDuration('longest', longest, range, table, errors) ?? defaults.longestMs,
  };
  const settings = settingsOf({ ...times, suppress, reuse });
  if (settings.ceiling >= suppress) return settings;
  const leastMs = times.halfLifeMs * Math.log2(suppress / reuse);
  const least = formatDuration(Math.ceil(leastMs / 1000) * 1000);
  const key = table.entries.has('longest') ? 'longest' : 'half_life';
  tell(
    key,
    `longest ${formatDuration(times.longestMs)} is less than the decay from suppress to reuse takes; write ${least} or more`,
  );
  return defaultDamping;
}

/** The penalty that takes `longest` to decay to `reuse` is the greatest there is. */
function settingsOf({ halfLifeMs, suppress, reuse, longestMs }: typeof defaults): DampingSettings {
  return {
    halfLifeMs,
    suppress,
    reuse,
    ceiling: Math.round(Math.min(penaltyMax, reuse * 2 ** (longestMs / halfLifeMs))),
  };
}
