/** What may happen next in a world: one of these, whichever. */

export type Action =
  /** The newest heartbeat of `from` that is on its way. */
  | { readonly kind: 'hear'; readonly from: string; readonly to: string }
  /** The first datagram of the link that is on its way; its acknowledgement gets back at once, or is lost in a cut. */
  | { readonly kind: 'deliver'; readonly from: string; readonly to: string }
  | { readonly kind: 'lose'; readonly from: string; readonly to: string }
  /** The clock of the host goes on until something comes of it; whom it can hear it hears in time. */
  | { readonly kind: 'tick'; readonly host: string }
  /** The same, and nothing gets to it meanwhile, whoever is there. */
  | { readonly kind: 'hear-nothing'; readonly host: string }
  /** The kernel has carried out the first order. */
  | { readonly kind: 'kernel'; readonly host: string }
  /** The first word on its way between the two threads of the agent. */
  | { readonly kind: 'hand'; readonly host: string; readonly to: 'main' | 'engine' }
  | { readonly kind: 'crash'; readonly host: string }
  | { readonly kind: 'restart'; readonly host: string }
  /** Single directions, `from>to`. */
  | { readonly kind: 'cut'; readonly links: readonly string[] }
  | { readonly kind: 'heal' }
  /** The process stands still for longer than the others wait, while its clock goes on. */
  | { readonly kind: 'stall'; readonly host: string };

/** How often each of the faults may happen in one path. */
export type Budget = {
  readonly crashes: number;
  readonly restarts: number;
  readonly cuts: number;
  readonly losses: number;
  /** Of `hear-nothing`: what is on its way is slower than the patience. */
  readonly alarms: number;
  readonly stalls: number;
};

export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'hear':
      return `${action.to} hears ${action.from}`;
    case 'deliver':
      return `${action.from} reaches ${action.to}`;
    case 'lose':
      return `a datagram from ${action.from} to ${action.to} is lost`;
    case 'tick':
      return `time goes by on ${action.host}`;
    case 'hear-nothing':
      return `time goes by on ${action.host}, and nothing reaches it`;
    case 'kernel':
      return `the kernel of ${action.host} has done what it was asked`;
    case 'hand':
      return action.to === 'main'
        ? `${action.host}: its engine tells ownership`
        : `${action.host}: ownership tells its engine`;
    case 'crash':
      return `-- ${action.host} loses its power`;
    case 'restart':
      return `-- ${action.host} is started`;
    case 'cut':
      return `-- nothing gets over ${action.links.join(' ')}`;
    case 'heal':
      return '-- the cut heals';
    case 'stall':
      return `-- the agent of ${action.host} stood still`;
  }
}
