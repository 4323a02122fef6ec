/** Starts Node anew with the options and the priority that the agent wants, however it was started: by its unit, a shell or a test. */
import { getPriority, setPriority } from 'node:os';

/** The main thread decides and claims, and its guard ends what is dead: that must not wait for what else the host does. */
const niceness = -20;

/**
 * In this very process: whoever started it, and supervises it by its pid, sees no difference. Returns where the options are in force
 * already. Where it cannot be done the agent runs without them: late heartbeats on a busy host are better than none.
 */
export async function restartNodeWith(options: readonly string[]): Promise<void> {
  goFirst();
  const missing = options.filter((option) => !process.execArgv.includes(option));
  if (missing.length === 0) return;
  try {
    const { replaceProcess } = await import('#native');
    replaceProcess({
      arguments: [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)],
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.error(
      `holdfast: cannot start node with ${missing.join(' ')}: ${why}; heartbeats may be late on a busy host`,
    );
  }
}

/** Before the restart, since threads have the niceness of who starts them, and so has the guard. */
function goFirst(): void {
  try {
    if (getPriority() > niceness) setPriority(niceness);
  } catch {
    // Not permitted: `Nice=` in the unit is, and what the thread of heartbeats may not is told by status.
  }
}
