/** What the agent says while it runs: one line each on standard error, with the journal's level where it is the journal. */

export type LogLevel = 'error' | 'warning' | 'notice' | 'info';

export type Log = Readonly<Record<LogLevel, (message: string) => void>>;

/** sd-daemon(3): a line that starts with <n> has syslog level n. */
const syslogLevels: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, notice: 5, info: 6 };

/** @param underSystemd whether standard error is connected to the journal ($JOURNAL_STREAM is set) */
export function openLog(write: (line: string) => void, underSystemd: boolean, clock: () => Date): Log {
  const say = (level: LogLevel) => (message: string) =>
    write(
      underSystemd
        ? `<${syslogLevels[level]}>${message}\n`
        : `${clock().toISOString()} ${level === 'info' ? '' : `${level}: `}${message}\n`,
    );
  return { error: say('error'), warning: say('warning'), notice: say('notice'), info: say('info') };
}
