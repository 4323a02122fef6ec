/**
 * States as text in which equal ones are equal: instants relative to their host's clock, and without what only decides how long
 * something takes or how often it was tried.
 */

export type TextOptions = {
  /** Of the host whose state it is; null: there are no instants in it. */
  readonly now: number | null;
  /** Bytes stand for what they say. */
  readonly meaningOf: (bytes: Uint8Array) => string;
};

/** Numbers under these names are instants on the clock of their host. */
const instants: ReadonlySet<string> = new Set([
  ...['heardAt', 'answeredAt', 'heartbeatAt', 'retryAt', 'brokenSince', 'reconsiderAt', 'listenUntil', 'since', 'from'],
  ...['shunnedUntil', 'leaveUntil', 'retransmitAt', 'viewSince', 'matureAt', 'leavingUntil', 'stalledUntil', 'until'],
  ...['balanceAt', 'at'],
]);

/**
 * Left out: what never changes in a run; the dice of jitter; counters of heartbeats, of which the newer always has the higher number;
 * what sets the pace of a link; ages, which are for people and for `failback` alone; deadlines that follow from others; what counts only
 * for one to which something is left, which nobody is here.
 */
const leftOut: ReadonlySet<string> = new Set([
  ...[
    'options',
    'pool',
    'codec',
    'random',
    'heartbeats',
    'said',
    'heartbeatSentAt',
    'hurries',
    'hurried',
    'wakeAt',
    'routes',
    'suspects',
  ],
  ...['roundTripMs', 'window', 'sentAt', 'ageMs', 'joined', 'recovered', 'firstHeardAt', 'wereWith', 'hearing'],
]);

/** Under these names nothing is an instant, and most of it outlives many states: its text is kept. */
const lasting: ReadonlySet<string> = new Set(['view', 'previousView', 'report', 'reports', 'grant', 'reason']);

export function textOf(value: unknown, options: TextOptions): string {
  return write(value, options, false);
}

/** 53 bits (cyrb53, public domain): among a million states two are taken for one with a chance of 1 in 18,000. */
export function hashOf(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

function write(value: unknown, options: TextOptions, instant: boolean): string {
  if (typeof value === 'number') {
    return instant && options.now !== null ? `@${Math.round((value - options.now) * 1_000)}` : String(value);
  }
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return `<${options.meaningOf(value)}>`;
  if (Array.isArray(value)) return `[${value.map((item) => write(item, options, instant)).join()}]`;
  if (value instanceof Map) {
    let text = '{';
    for (const [key, item] of value) text += `${write(key, options, false)}:${write(item, options, instant)};`;
    return `${text}}`;
  }
  if (value instanceof Set) return `{${[...value].map((item) => write(item, options, false)).join()}}`;
  const heartbeat = 'intervalMs' in value;
  let text = '(';
  for (const key in value) {
    if (leftOut.has(key) || (heartbeat && key === 'number')) continue;
    const item = (value as Record<string, unknown>)[key]; // a plain object, read by the names it has
    if (item === undefined) continue;
    text += `${key}=${lasting.has(key) ? writeOnce(item, options) : write(item, options, instant || instants.has(key))};`;
  }
  return `${text})`;
}

const known = new WeakMap<object, string>();

function writeOnce(value: unknown, options: TextOptions): string {
  if (typeof value !== 'object' || value === null) return write(value, options, false);
  let text = known.get(value);
  if (text === undefined) {
    text = write(value, options, false);
    known.set(value, text);
  }
  return text;
}
