/** Where and with what it was measured. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { version } from '../../agent/cli/version.ts';
import { attempt } from '../../agent/lab/command.ts';

export type Machine = {
  readonly date: string;
  readonly system: string;
  readonly processor: string;
  readonly memoryGib: number;
  /** Over the last minute; the benchmark's own work is part of it at the end. */
  readonly loadAtBegin: number;
  readonly versions: readonly string[];
};

export async function describeMachine(): Promise<Machine> {
  const [keepalived, ucarp, commit] = await Promise.all([
    attempt(['keepalived', '--version']),
    attempt(['ucarp', '--version']),
    attempt(['git', 'describe', '--always', '--dirty']),
  ]);
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    system: `Linux ${release()}, ${prettyName()}`,
    processor: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    loadAtBegin: loadavg()[0] ?? 0,
    versions: [
      `Holdfast ${version()}${commit.status === 0 ? ` (${commit.stdout.trim()})` : ''}`,
      `Node ${process.versions.node}`,
      /v[\d.]+/.exec(keepalived.stdout + keepalived.stderr)?.[0].replace('v', 'keepalived ') ?? 'no keepalived',
      /ucarp [\d.]+/.exec(ucarp.stdout + ucarp.stderr)?.[0] ?? 'ucarp (Debian)',
    ],
  };
}

function prettyName(): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
}
