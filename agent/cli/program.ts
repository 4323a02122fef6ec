/** The command line. Every command is loaded when it is asked for, so that the short ones start fast. */
import { Command, InvalidArgumentError } from 'commander';
import { keepSecondsMax, keepSecondsMin } from '../control/request.ts';
import type { ExitCode } from '../exit-codes.ts';
import { addOrderCommands } from './order-commands.ts';
import { version } from './version.ts';

export const defaultConfig = '/etc/holdfast/holdfast.toml';
export const defaultControl = '/run/holdfast/control.sock';
export const defaultState = '/var/lib/holdfast';

const controlOption = ['--control <path>', "the agent's control socket", defaultControl] as const;
const jsonOption = ['--json', 'for programs: everything, absolute times'] as const;

/** @param finish is given the exit code of the command that ran; nothing where only help was asked for */
export function buildProgram(finish: (code: ExitCode) => void): Command {
  const program = new Command('holdfast')
    .description('Spreads virtual IP addresses over hosts and moves them in milliseconds when one fails.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`holdfast: ${oneLine(text)}\n`) });

  program
    .command('agent')
    .description('run the agent of this host; systemd does this')
    .option('--config <file>', 'the configuration, the same on every host', defaultConfig)
    .option('--host <name>', 'which host of the file this is (default: the one whose paths are on this host)')
    .option(...controlOption)
    .option('--state <directory>', 'where it keeps what outlives it: a drain, a freeze', defaultState)
    .action(async (options: { config: string; host?: string; control: string; state: string }) => {
      const { nodeOptions } = await import('../channel/node-options.ts');
      const { restartNodeWith } = await import('../system/restart-node.ts');
      await restartNodeWith(nodeOptions);
      const { runAgent } = await import('../agent.ts');
      finish(await runAgent(options));
    });

  program
    .command('status')
    .summary('who owns what and why, trouble first')
    .description('Trouble first, then who owns what and why, the hosts, what moved lately, what to try.')
    .option(...jsonOption)
    .option('--all', 'list every set and event, however many')
    .option('--watch [seconds]', 'again and again, every 2 seconds or as given', seconds)
    .option(...controlOption)
    .action(async (options: { json?: boolean; all?: boolean; watch?: number | true; control: string }) => {
      const { runStatus } = await import('./status.ts');
      const { control, json = false, all = false, watch = null } = options;
      finish(await runStatus({ control, json, all, watch: watch === true ? watchSeconds : watch }));
    })
    .addHelpText(
      'after',
      '\nExit status: 0 as it should be, 1 degraded, 2 a set is held by nobody or twice, 3 no agent.',
    );

  program
    .command('members')
    .description('the hosts, and on which paths they are heard')
    .option(...jsonOption)
    .option(...controlOption)
    .action(async ({ json = false, control }: { json?: boolean; control: string }) => {
      const { runMembers } = await import('./members.ts');
      finish(await runMembers({ json, control }));
    })
    .addHelpText('after', '\nExit status: 0 every host is a member, 1 one is not, 3 no agent.');

  program
    .command('balance')
    .description('spread the sets evenly now; says what moved')
    .option(...jsonOption)
    .option(...controlOption)
    .action(async ({ json = false, control }: { json?: boolean; control: string }) => {
      const { runBalance } = await import('./balance.ts');
      finish(await runBalance({ json, control }));
    })
    .addHelpText('after', '\nExit status: 0 balanced, 1 something hinders it, 3 no agent.');

  program
    .command('announce')
    .description('tell the network again where the sets of this host are')
    .argument('[set...]', 'only these (default: all that are held here)')
    .option(...jsonOption)
    .option(...controlOption)
    .action(async (sets: string[], { json = false, control }: { json?: boolean; control: string }) => {
      const { runAnnounce } = await import('./announce.ts');
      finish(await runAnnounce({ sets, json, control }));
    })
    .addHelpText('after', '\nExit status: 0 announced, 1 one of the sets is not held here, 3 no agent.');

  program
    .command('reload')
    .summary('read the configuration and the keys anew')
    .description(
      'Reads the configuration and the keys anew, and changes what differs and nothing else. Where anything is wrong, or ' +
        'asks for a restart, it says what and nothing changes. On every host, one after the other.',
    )
    .option(...jsonOption)
    .option(...controlOption)
    .action(async ({ json = false, control }: { json?: boolean; control: string }) => {
      const { runReload } = await import('./reload.ts');
      finish(await runReload({ json, control }));
    })
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 the file is not right and nothing changed, or an address could not be added or removed, 3 no agent.',
    );

  program
    .command('restart')
    .summary('start the agent anew without moving an address')
    .description(
      'Ends the agent and waits for the one that its supervisor starts. The guard keeps the addresses meanwhile, and the others know. ' +
        'For a restart that hands the sets over: systemctl restart holdfast.',
    )
    .requiredOption('--hold [seconds]', `how long the others wait at most (default: ${holdSeconds})`, keepSeconds)
    .option(...jsonOption)
    .option(...controlOption)
    .action(async ({ hold, json = false, control }: { hold: number | true; json?: boolean; control: string }) => {
      const { runRestart } = await import('./restart.ts');
      finish(await runRestart({ keepSeconds: hold === true ? holdSeconds : hold, json, control }));
    })
    .addHelpText('after', '\nExit status: 0 restarted, 1 something hinders it, 3 no agent, or none that came back.');

  const shared = (command: Command): Command => command.option(...jsonOption).option(...controlOption);
  addOrderCommands(program, shared, finish);

  program
    .command('release')
    .summary('remove what a dead agent left here')
    .description('Removes the addresses that the guard of this host keeps since its agent died. Stop the agent first.')
    .option('--after-stop', "for systemd's ExecStopPost: nothing where the agent crashed", false)
    .option(...controlOption)
    .action(async (options: { afterStop: boolean; control: string }) => {
      const { runRelease } = await import('./release.ts');
      finish(await runRelease(options));
    });

  program
    .command('check')
    .description('say whether a configuration is right')
    .argument('<file>')
    .option('--host <name>', 'as which host of the file')
    .action(async (file: string, options: { host?: string }) => {
      const { runCheck } = await import('./check.ts');
      console.log(await runCheck(file, options));
      finish(0);
    });

  program
    .command('keygen')
    .description('make the key that all hosts of a group share')
    .argument('<file>', 'must not exist yet')
    .action(async (file: string) => {
      const { runKeygen } = await import('./keygen.ts');
      console.log(await runKeygen(file));
      finish(0);
    });

  program
    .command('demo')
    .summary('watch three hosts fail over on this machine')
    .description('Makes three hosts and a client in network namespaces of its own and fails them one after the other.')
    .option('--log <file>', 'where it writes what happened (default: holdfast-demo.log here)')
    .action(async (options: { log?: string }) => {
      const { runDemo } = await import('./demo.ts');
      finish(await runDemo(options));
    });

  return program;
}

/** Commander puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ');
}

/** An upgrade of a package, with what its scripts do; a restart itself takes two seconds. */
const holdSeconds = 60;

function keepSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= keepSecondsMin && value <= keepSecondsMax)) {
    throw new InvalidArgumentError(`Give seconds from ${keepSecondsMin} to ${keepSecondsMax}.`);
  }
  return value;
}

const watchSeconds = 2;
const secondsMin = 0.1; // a page takes the agent a few milliseconds
const secondsMax = 86_400;

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= secondsMin && value <= secondsMax)) {
    throw new InvalidArgumentError(`Give seconds from ${secondsMin} to ${secondsMax}.`);
  }
  return value;
}
