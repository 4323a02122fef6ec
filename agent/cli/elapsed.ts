/** Durations as people say them, in at most two units: `350 ms`, `12 s`, `3 min`, `2 h 10 min`, `5 d 4 h`. */
export function formatElapsed(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.floor(ms))} ms`; // a clock may have been set back: never negative
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoUnits(hours, 'h', minutes % 60, 'min');
  return twoUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** From an ISO 8601 instant until `now`; `-` where there is none. */
export function formatSince(instant: string | null, now: Date): string {
  return instant === null ? '-' : formatElapsed(now.getTime() - Date.parse(instant));
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
