/** Makes a failing schedule smaller: leaves out what it does not take to break the same promise. */
import type { SetName } from '../../agent/ownership/grant.ts';
import { Breach } from './breach.ts';
import { runSchedule } from './run.ts';
import type { Schedule, TimedFault } from './schedule.ts';
import { Story } from './story.ts';

/** As far as one by one will do; some hundred runs at the most. */
export function shrink(schedule: Schedule, promise: string): Schedule {
  let smallest = schedule;
  for (let again = true; again; ) {
    again = false;
    for (const smaller of smallerOnes(smallest)) {
      if (promiseBrokenBy(smaller) !== promise) continue;
      smallest = smaller;
      again = true;
      break;
    }
  }
  return smallest;
}

export function promiseBrokenBy(schedule: Schedule): string | null {
  try {
    runSchedule(schedule);
    return null;
  } catch (error) {
    if (error instanceof Breach) return error.promise;
    throw error;
  }
}

/** What happens in it, with the breach as the last line. */
export function storyOf(schedule: Schedule): readonly string[] {
  const story = new Story();
  try {
    runSchedule(schedule, (observation, world) => story.tell(observation, world));
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    story.lines.push(`BROKEN  ${error.message}`);
  }
  return story.lines;
}

function* smallerOnes(schedule: Schedule): Iterable<Schedule> {
  const { faults, standing, world } = schedule;
  for (const index of faults.keys()) yield { ...schedule, faults: faults.filter((_, at) => at !== index) };
  for (const index of standing.keys()) yield { ...schedule, standing: standing.filter((_, at) => at !== index) };
  const { pool } = world;
  if (pool.sets.length < 2) return;
  for (const { name } of pool.sets) {
    const sets = pool.sets.filter((set) => set.name !== name);
    const asked = faults
      .filter(({ fault }) => {
        if (fault.kind === 'refuse-claims') return fault.set !== name;
        return fault.kind !== 'command' || !('set' in fault.command) || fault.command.set !== name;
      })
      .map((timed) => withoutSet(timed, name));
    yield { ...schedule, faults: asked, world: { ...world, pool: { ...pool, sets } } };
  }
}

function withoutSet({ atMs, fault }: TimedFault, name: SetName): TimedFault {
  if (fault.kind !== 'configure') return { atMs, fault };
  const sets = fault.pool.sets.filter((set) => set.name !== name);
  return { atMs, fault: { ...fault, pool: { ...fault.pool, sets } } };
}
