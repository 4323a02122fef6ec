/** `move`, `unpin`, `drain`, `undrain`, `freeze`, `thaw` and `abandon` on the command line. */
import type { Command } from 'commander';
import type { CommandRequest } from '../control/protocol.ts';
import type { ExitCode } from '../exit-codes.ts';

type Options = { readonly json?: boolean; readonly control: string; readonly host?: string };

/** @param shared adds the options that all of them have */
export function addOrderCommands(
  program: Command,
  shared: (command: Command) => Command,
  finish: (code: ExitCode) => void,
): void {
  const order = async (request: CommandRequest, { json = false, control }: Options): Promise<void> => {
    const { runOrder } = await import('./order.ts');
    finish(await runOrder(request, { json, control }));
  };
  const define = (name: string, description: string): Command =>
    shared(program.command(name).description(description)).addHelpText(
      'after',
      '\nExit status: 0 done, 1 something hinders it, 3 no agent.',
    );

  define('move', 'move a set to a host and keep it there: it is pinned')
    .argument('<set>')
    .argument('<host>')
    .action((set: string, host: string, options: Options) => order({ kind: 'move', set, host }, options));
  define('unpin', 'let a set move again that was pinned by `move`')
    .argument('<set>')
    .action((set: string, options: Options) => order({ kind: 'unpin', set }, options));
  define('drain', 'give all sets of a host away, and take none until `undrain`, also after a restart')
    .option('--host <name>', 'another host of the view (default: this one)')
    .action((options: Options) => order({ kind: 'drain', host: options.host ?? null }, options));
  define('undrain', 'let a drained host take sets again')
    .option('--host <name>', 'another host of the view (default: this one)')
    .action((options: Options) => order({ kind: 'undrain', host: options.host ?? null }, options));
  define('freeze', 'move and touch nothing in the whole group, whatever fails, until `thaw`').action(
    (options: Options) => order({ kind: 'freeze' }, options),
  );
  define('thaw', 'end a freeze; what waits for it moves now').action((options: Options) =>
    order({ kind: 'thaw' }, options),
  );
  define('abandon', 'end this agent and leave its addresses where they are, for good').action((options: Options) =>
    order({ kind: 'abandon' }, options),
  );
}
