/** The kernel's own "out of memory" for one process, by a memory cgroup of its own. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type MemoryLimit = {
  /** How many processes the kernel killed here. */
  kills(): number;
  /** When its process has ended. */
  remove(): void;
};

/**
 * What the process asks for from now on is more than it may have. A string: why this machine cannot.
 * Version 1 of cgroups: a process may be in any group of it, whatever systemd does in version 2.
 */
export function limitMemory(pid: number): MemoryLimit | string {
  const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^[0-9]+:memory:(.*)$/m)?.[1];
  if (own === undefined) return 'no memory controller of cgroup version 1 here';
  const group = join('/sys/fs/cgroup/memory', own, `holdfast-test-${pid}`);
  if (!existsSync(join(group, '..'))) return 'the memory controller of cgroup version 1 is not mounted';
  mkdirSync(group);
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
  writeFileSync(join(group, 'memory.limit_in_bytes'), '4096');
  return {
    kills: () => Number(readFileSync(join(group, 'memory.oom_control'), 'utf8').match(/^oom_kill ([0-9]+)$/m)?.[1]),
    remove: () => rmdirSync(group),
  };
}
