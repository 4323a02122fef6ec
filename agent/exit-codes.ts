/** What the program's exit status says, for scripts. Published: numbers are never given a new meaning. */
export const exitCodes = {
  ok: 0,
  /** `status`: something is not as it should be, but every set is held once. Elsewhere: it failed. */
  degraded: 1,
  /** `status`: a set is held by nobody or twice. */
  uncovered: 2,
  noAgent: 3,
  /** The command line is wrong (EX_USAGE). */
  usage: 64,
  /** The configuration file cannot be read or does not parse. */
  configuration: 10,
  /** The file names this host nowhere or more than once. */
  hostUnknown: 11,
  /** A capability is missing. */
  privilege: 12,
  /** An interface or a path address of the file is not on this host. */
  interfaceUnknown: 13,
  /** The key file is missing, malformed or readable by others. */
  keyFile: 14,
  portInUse: 15,
  /** Another agent runs on this host. */
  agentRunning: 16,
  /** Another live member has this host's name. */
  nameTaken: 17,
  /** A host of the file speaks with another key or for another group, and nobody shares ours. */
  foreignKey: 18,
  /** Of an agent that ended by `holdfast restart --hold`: whoever supervises it starts another. */
  restarting: 19,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error that ends a command: its message is all the user sees. */
export class ExitError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExitError';
    this.exitCode = exitCode;
  }
}
