/** `[balance]`: whether sets move to even the load, and how many at a time. */
import type { BalanceSettings } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import { decodeDuration } from './duration.ts';
import { balanceEveryMsMax, balanceEveryMsMin, setsMax } from './limits.ts';
import { balanceShape, decodeTable, placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

export const defaultBalance: BalanceSettings = { mode: 'on-demand', movesMax: 2, everyMs: 30_000 };
const everyRange = { minMs: balanceEveryMsMin, maxMs: balanceEveryMsMax };

/** Defaults stand in for what is wrong and told. */
export function decodeBalance(table: TomlTable, errors: ConfigError[]): BalanceSettings {
  const { mode: modeText, moves, every } = decodeTable(balanceShape, table, '[balance]', errors);
  const mode = modeText === undefined ? defaultBalance.mode : decodeMode(modeText, table, errors);
  for (const key of ['moves', 'every'] as const) {
    if (mode === 'auto' || !table.entries.has(key)) continue;
    const message = `${key} has no effect with mode = "${mode}"; remove it, or write mode = "auto"`;
    errors.push({ ...placeOf(table, key), message });
  }
  return {
    mode,
    movesMax: moves === undefined ? defaultBalance.movesMax : decodeMoves(moves, table, errors),
    everyMs: decodeDuration('every', every, everyRange, table, errors) ?? defaultBalance.everyMs,
  };
}

function decodeMode(text: string, table: TomlTable, errors: ConfigError[]): BalanceSettings['mode'] {
  if (text === 'off' || text === 'on-demand' || text === 'auto') return text;
  const message = `mode ${quote(text)} is unknown; write "off", "on-demand" or "auto"`;
  errors.push({ ...placeOf(table, 'mode'), message });
  return defaultBalance.mode;
}

function decodeMoves(moves: number, table: TomlTable, errors: ConfigError[]): number {
  if (moves >= 1 && moves <= setsMax) return moves;
  errors.push({ ...placeOf(table, 'moves'), message: `moves ${moves} is out of range; write 1 to ${setsMax}` });
  return defaultBalance.movesMax;
}
