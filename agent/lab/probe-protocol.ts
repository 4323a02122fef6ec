/** What goes between the prober, a process in the client's namespace, and whoever started it: a JSON object a line. */

export type ProberCommand =
  | {
      readonly kind: 'start';
      readonly addresses: readonly string[];
      /** Between two probes of one address. */
      readonly intervalMs: number;
      /** A probe that is not answered within this is lost. */
      readonly timeoutMs: number;
    }
  /** Probes sent from `atMs` (monotonic) on count for this phase, until it ends; phases may overlap. */
  | { readonly kind: 'begin'; readonly phase: string; readonly atMs: number }
  /** The report comes when the fate of its last probe is known: `timeoutMs` later. */
  | { readonly kind: 'end'; readonly phase: string; readonly atMs: number }
  | { readonly kind: 'stop' };

export type ProberMessage =
  | { readonly kind: 'started' }
  /** Several times a second. */
  | { readonly kind: 'live'; readonly atMs: number; readonly addresses: readonly LiveProbe[] }
  | { readonly kind: 'phase'; readonly report: PhaseReport };

export type LiveProbe = {
  readonly address: string;
  /** Answers since the last live message. */
  readonly answered: number;
  /** How long the oldest probe after the newest answered one has been waiting; 0 where there is none. */
  readonly silentMs: number;
};

export type PhaseReport = {
  readonly phase: string;
  /** Monotonic ms. */
  readonly beganMs: number;
  readonly endedMs: number;
  /** CPU time of the prober, of one core, during the phase: 0..1. */
  readonly cpuShare: number;
  readonly addresses: readonly AddressReport[];
};

/** What a client that asks one address all the time saw of it; see docs/lab.md. */
export type AddressReport = {
  readonly address: string;
  readonly sent: number;
  /** Probes per second that were really sent. */
  readonly rateHz: number;
  /** Not answered within the timeout; those that could not even be sent are among them. */
  readonly lost: number;
  /** The longest silence that touches the phase. */
  readonly longestSilenceMs: number;
  /** Silences above `outageMsMin`, oldest first, at most `outagesMax`. */
  readonly outages: readonly Outage[];
};

export type Outage = {
  /** When the first probe that waited was sent. Monotonic ms. */
  readonly fromMs: number;
  /** When the first answer to it or to a later one came; where none has come yet, when that was found. */
  readonly toMs: number;
};

/** Shorter silences are counted into the longest one only: at 1 kHz that is the scheduling of a busy machine. */
export const outageMsMin = 5;
export const outagesMax = 100;
