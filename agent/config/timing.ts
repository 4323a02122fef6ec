/** Heartbeats, patience, maturity, lifetime: how long things take and last. */
import type { Config } from './config.ts';
import { type ConfigError, quote } from './config-error.ts';
import {
  defaultDetectHeartbeats,
  defaultHangMs,
  defaultHeartbeatMs,
  defaultLifetimeSeconds,
  defaultMatureMs,
} from './defaults.ts';
import { decodeDuration, formatDuration, parseDuration } from './duration.ts';
import {
  detectHeartbeatsMin,
  detectMsMax,
  hangMsMax,
  hangMsMin,
  heartbeatMsMax,
  heartbeatMsMin,
  lifetimeSecondsMax,
  lifetimeSecondsMin,
  matureMsMax,
} from './limits.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

export type Timing = Pick<Config, 'heartbeatMs' | 'detectMs' | 'takeover' | 'hangMs' | 'matureMs' | 'lifetimeSeconds'>;

type TimingTexts = {
  readonly heartbeat?: string | undefined;
  readonly detect?: string | undefined;
  readonly takeover?: string | undefined;
  readonly hang?: string | undefined;
  readonly mature?: string | undefined;
  readonly lifetime?: string | undefined;
};

/** Defaults stand in for what is wrong and told. */
export function decodeTiming(texts: TimingTexts, table: TomlTable, errors: ConfigError[]): Timing {
  const heartbeat = duration('heartbeat', heartbeatMsMin, heartbeatMsMax);
  const detect = duration('detect', detectHeartbeatsMin * heartbeatMsMin, detectMsMax);
  const heartbeatMs = heartbeat ?? (detect === undefined ? defaultHeartbeatMs : heartbeatFor(detect));
  const detectMs = detect ?? Math.ceil(heartbeatMs * defaultDetectHeartbeats);
  if (detectMs < detectHeartbeatsMin * heartbeatMs) {
    const least = formatDuration(detectHeartbeatsMin * heartbeatMs);
    const message = `detect ${formatDuration(detectMs)} is less than ${detectHeartbeatsMin} heartbeats of ${formatDuration(heartbeatMs)}; write ${least} or more, or a shorter heartbeat`;
    errors.push({ ...placeOf(table, 'detect'), message });
  }
  return {
    heartbeatMs,
    detectMs,
    takeover: decodeTakeover(),
    hangMs: duration('hang', hangMsMin, hangMsMax) ?? defaultHangMs,
    matureMs: duration('mature', 0, matureMsMax) ?? defaultMatureMs,
    lifetimeSeconds: decodeLifetime(),
  };

  function duration(key: keyof TimingTexts, minMs: number, maxMs: number): number | undefined {
    return decodeDuration(key, texts[key], { minMs, maxMs }, table, errors);
  }

  function decodeTakeover(): Timing['takeover'] {
    const text = texts.takeover ?? 'answered';
    if (text === 'answered' || text === 'immediate') return text;
    const message = `takeover ${quote(text)} is unknown; write "answered" or "immediate"`;
    errors.push({ ...placeOf(table, 'takeover'), message });
    return 'answered';
  }

  function decodeLifetime(): number | 'never' {
    const text = texts.lifetime;
    if (text === undefined) return defaultLifetimeSeconds;
    if (text === 'never') return 'never';
    const seconds = (parseDuration(text) ?? Number.NaN) / 1000;
    if (Number.isInteger(seconds) && seconds >= lifetimeSecondsMin && seconds <= lifetimeSecondsMax) return seconds;
    const range = `${formatDuration(lifetimeSecondsMin * 1000)} to ${formatDuration(lifetimeSecondsMax * 1000)}`;
    const message = `lifetime ${quote(text)} does not fit; write whole seconds, ${range}, or "never"`;
    errors.push({ ...placeOf(table, 'lifetime'), message });
    return defaultLifetimeSeconds;
  }
}

/** As many heartbeats in one patience as by default. */
function heartbeatFor(detectMs: number): number {
  const heartbeatMs = Math.floor(detectMs / defaultDetectHeartbeats);
  return Math.min(heartbeatMsMax, Math.max(heartbeatMsMin, heartbeatMs));
}
