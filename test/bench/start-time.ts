/** How long a command line takes that does nothing but say its version: what an operator waits at every command. */
import { builtFile } from '../../agent/lab/built.ts';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { run } from '../../agent/lab/command.ts';
import { type Spread, spreadOf } from './statistics.ts';

export type StartTime = { readonly command: string; readonly ms: Spread };

export async function measureStarts(times: number): Promise<readonly StartTime[]> {
  const commands: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['holdfast --version', [process.execPath, builtFile('../cli/main.js'), '--version']],
    ['keepalived --version', ['keepalived', '--version']],
    ['node -e 0', [process.execPath, '-e', '0']],
  ];
  const taken = new Map(commands.map(([name]) => [name, [] as number[]]));
  for (let time = 0; time < times; time++) {
    for (const [name, argv] of commands) {
      const beganMs = monotonicMs();
      await run(argv);
      taken.get(name)?.push(monotonicMs() - beganMs);
    }
  }
  return [...taken].map(([command, values]) => ({ command, ms: spreadOf(values) }));
}
