/**
 * `npm run simulate [seeds [members [first]]]`: so many schedules, and what they cost, without what a test runner adds to it. Ends at
 * the first that breaks a promise, with its story.
 */
import { describeFailure, sweep } from './sweep.ts';

const [, , seeds = '5000', members = '3', first = '1'] = process.argv;
/** Of schedules; V8 takes the first three or so to compile what they run. */
const turn = 1_000;

function simulate(from: number, end: number, size: number): number {
  for (let at = from; at < end; at += turn) {
    const swept = sweep({ first: at, seeds: Math.min(turn, end - at), members: size });
    const { schedules, cpuMs, failure } = swept;
    const rate = Math.round((1_000 * schedules) / cpuMs);
    console.log(`seeds ${at} to ${at + schedules - 1}: ${rate} schedules in a second of CPU time`);
    if (failure === null) continue;
    console.log(describeFailure(failure, size));
    return 1;
  }
  return 0;
}

process.exitCode = simulate(Number(first), Number(first) + Number(seeds), Number(members));
