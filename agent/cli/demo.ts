/**
 * `holdfast demo`: three hosts with real agents and a client, on this machine, and what befalls them; see docs/lab.md for
 * how it measures. Nothing here is simulated: the agents are the program as shipped, the kernels are the kernel's.
 */
import { type ExitCode, ExitError, exitCodes } from '../exit-codes.ts';
import { atProcessEnd } from '../lab/at-process-end.ts';
import { monotonicMs } from '../lab/clock.ts';
import { createLab } from '../lab/lab.ts';
import { examinePrivilege, runAgain } from '../lab/privilege.ts';
import { openDemoLog } from './demo-log.ts';
import { renderDemo } from './demo-page.ts';
import { Scenario } from './demo-scenario.ts';
import { renderResults } from './demo-table.ts';
import { openScreen } from './screen.ts';
import { pageOptions } from './terminal.ts';
import { painter } from './text.ts';

export type DemoOptions = {
  /** Where the log goes; default `holdfast-demo.log` in the working directory. */
  readonly log?: string;
};

const redrawMs = 200;

/**
 * @returns 0; `uncovered` where at any rest a set was held twice or by nobody; `degraded` where anything else was not as
 *   promised @throws ExitError where the machine does not allow it
 */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const privilege = await examinePrivilege();
  switch (privilege.kind) {
    case 'none':
      throw new ExitError(exitCodes.privilege, privilege.reason);
    case 'user-namespace':
      return (await runAgain(privilege.prefix)) as ExitCode; // its exit status is this command's
    case 'sufficient':
      return perform(options.log ?? 'holdfast-demo.log');
  }
}

async function perform(logFile: string): Promise<ExitCode> {
  const beganMs = monotonicMs();
  const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const log = openDemoLog(logFile, beganMs, (line) => {
    if (!live) console.log(line);
  });
  const lab = await createLab({ hosts: 3 });
  const scenario = new Scenario(lab, log, beganMs);
  const display = live ? showLive(scenario) : { close() {} };
  const forget = atProcessEnd(() => console.error('\nholdfast: the demo was ended; everything it made is removed'));
  try {
    await scenario.play();
  } catch (error) {
    scenario.failed(error);
  } finally {
    for (const line of renderResults(scenario.results, { width: Infinity, paint: painter({ colour: false }) })) {
      log.append(line);
      if (!live) console.log(line);
    }
    log.append(scenario.agentLogs());
    display.close();
    await lab.dispose();
    forget();
    log.close();
  }
  for (const problem of scenario.problems) console.log(`! ${problem.text}`);
  console.log(`${scenario.verdict()} Everything it made is removed. Log: ${log.file}`);
  return scenario.exitCode();
}

function showLive(scenario: Scenario): { close(): void } {
  const screen = openScreen(process.stdout);
  const page = (): string => renderDemo(scenario.view(), pageOptions(process.stdout, process.env));
  const timer = setInterval(() => screen.draw(page), redrawMs);
  const forget = atProcessEnd(() => screen.close());
  screen.draw(page);
  return {
    close() {
      clearInterval(timer);
      forget();
      screen.draw(page);
      screen.close();
    },
  };
}
