/** `npm run bench`: Holdfast and what people use today, side by side on this machine; docs/benchmarks.md says what it found. */
import { monotonicMs } from '../../agent/lab/clock.ts';
import { contenders, quickContenders } from './contenders.ts';
import { parseOptions, usage } from './options.ts';
import { scenarios } from './scenarios.ts';
import { playSeries } from './series.ts';
import { renderMeasures } from './terminal.ts';

const quickScenarios = ['noise', 'power-loss', 'stop', 'kill'];
const usualHosts = 3;
const usualAddresses = 6;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const beganMs = monotonicMs();
  const say = (line: string): void => {
    console.error(`${((monotonicMs() - beganMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  };
  const names = options.only.length > 0 ? options.only : options.mode === 'quick' ? quickScenarios : null;
  const played = scenarios.filter(({ name }) => names === null || names.includes(name));
  const result = await playSeries(
    {
      contenders: options.mode === 'quick' ? quickContenders : contenders,
      scenarios: played,
      runs: options.runs,
      hosts: usualHosts,
      addresses: usualAddresses,
    },
    say,
  );
  for (const line of renderMeasures(result.measures)) console.log(line);
  for (const gap of result.gaps) console.log(`${gap.contender}: not measured in ${gap.scenario}: ${gap.why}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  if (error instanceof TypeError) console.error(usage);
  process.exitCode = 1;
}
