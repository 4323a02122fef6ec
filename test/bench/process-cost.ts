/** What processes cost: CPU time of all their threads and their share of memory, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** CPU time so far, in ms, with the kernel's precision of nanoseconds. Processes that have ended count for nothing. */
export function cpuMsOf(pids: readonly number[]): number {
  return sum(pids, (pid) =>
    sum(readdirSync(`/proc/${pid}/task`), (thread) => {
      const [ran = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      return Number(ran) / 1e6;
    }),
  );
}

/** Proportional set size in MiB: pages that processes share count for each by its part. */
export function pssMibOf(pids: readonly number[]): number {
  return sum(pids, (pid) => {
    const [, kib = '0'] = /^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kib) / 1024;
  });
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => {
    try {
      return total + pick(item);
    } catch {
      return total; // ended meanwhile
    }
  }, 0);
}
