/**
 * What schedules cost, told so that a busy machine says much the same as an idle one: in turns with a loop of the same kind of work
 * (objects, maps, numbers), and as a multiple of it.
 */
import { sweep } from './sweep.ts';

export type Cost = {
  /** In a second of CPU time. */
  readonly schedulesPerSecond: number;
  /** Rounds of the loop that take as long as one schedule. */
  readonly rounds: number;
};

const turns = 8;
const schedulesInTurn = 25;
const roundsInTurn = 5_000;

/** Of schedules that nothing has run yet, three members each; V8 is to know the code by then. */
export function costOfSchedule(first: number): Cost {
  let schedulesMs = 0;
  let loopMs = 0;
  loop(); // V8 learns it
  for (let turn = 0; turn < turns; turn += 1) {
    loopMs += cpuMsOf(loop);
    schedulesMs += sweep({ first: first + turn * schedulesInTurn, seeds: schedulesInTurn, members: 3 }).cpuMs;
    loopMs += cpuMsOf(loop);
  }
  const scheduleMs = schedulesMs / (turns * schedulesInTurn);
  return { schedulesPerSecond: 1_000 / scheduleMs, rounds: scheduleMs / (loopMs / (2 * turns * roundsInTurn)) };
}

function cpuMsOf(work: () => void): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

function loop(): void {
  let kept = { number: 0, half: 0, list: [0], name: '' };
  for (let round = 0; round < roundsInTurn; round += 1) {
    const map = new Map<string, typeof kept>();
    for (const name of ['a', 'b', 'c'])
      map.set(name, { number: kept.number + 1, half: kept.half / 2, list: [round], name });
    for (const { number, half, list, name } of map.values())
      kept = { number: number + (list[0] ?? 0), half, list, name };
  }
}
