/** `npm run bench`: Holdfast and what people use today, side by side on this machine; docs/benchmarks.md says what it found. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { baselineOf, readBaseline, worsened, writeBaseline } from './baseline.ts';
import { describePlan, measureEverything } from './everything.ts';
import { isPart, type Options, parseOptions, usage } from './options.ts';
import { resultsOf, savedParts, saveParts } from './parts.ts';
import { renderRest, writeReport } from './report.ts';
import { ensurePrograms } from './requirements.ts';
import { renderMeasures } from './terminal.ts';
import { traceFailover, writeTrace } from './trace.ts';

/** Seen from dist.bench/test/bench/. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const docs = join(root, 'docs');
/** For --continue. */
const partsFile = join(root, 'dist.bench/found.json');
const baselineFile = join(root, 'test/bench/baseline.json');

async function main(options: Options): Promise<number> {
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.plan) {
    for (const line of describePlan(options)) console.log(line);
    return 0;
  }
  await ensurePrograms(options);
  const beganMs = monotonicMs();
  const say = (line: string): void => {
    console.error(`${((monotonicMs() - beganMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  };
  if (options.trace) {
    console.log(writeTrace(docs, await traceFailover(options.addresses, say)));
    return 0;
  }
  const isFull = options.mode === 'full' && !isPart(options);
  const before = options.resume ? savedParts(partsFile) : null;
  const results = await measureEverything(options, say, {
    before,
    keep(parts) {
      saveParts(partsFile, parts);
      if (isFull) writeReport(docs, resultsOf(parts));
    },
  });
  for (const { hosts, addresses, measures, gaps, runs } of results.series) {
    console.log(`\n${hosts} hosts, ${addresses} addresses, ${runs} runs: median (least–most)`);
    for (const line of renderMeasures(measures)) console.log(line);
    for (const gap of gaps) {
      console.log(`! ${gap.contender} was not measured in ${gap.scenario}, ${gap.runs} of ${runs} runs: ${gap.why}`);
    }
  }
  const measures = results.series[0]?.measures ?? [];
  for (const line of renderRest(results)) console.log(line);
  const usual = options.addresses === null && options.steps.length === 0;
  const worse = usual ? worsened(readBaseline(baselineFile), measures) : [];
  for (const line of worse) console.log(`! worse than before: ${line}`);
  if (options.writeBaseline) writeBaseline(baselineFile, baselineOf(measures));
  if (isFull) {
    writeReport(docs, results); // with what there was no time for
    console.log('\nWritten: docs/benchmarks.md, docs/benchmarks/*.svg');
  }
  return worse.length > 0 && !options.writeBaseline ? 1 : 0;
}

// A process of a lab that is gone already may end late: no reason to lose what half an hour has found.
process.on('unhandledRejection', (reason) => console.error(`bench: ${reason}`));

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  if (error instanceof TypeError) console.error(usage);
  process.exitCode = 1;
}
