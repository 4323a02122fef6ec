/** Starts Node anew with the options that the agent wants, however it was started: by its unit, a shell or a test. */

/**
 * In this very process: whoever started it, and supervises it by its pid, sees no difference. Returns where the options are in force
 * already. Where it cannot be done the agent runs without them: late heartbeats on a busy host are better than none.
 */
export async function restartNodeWith(options: readonly string[]): Promise<void> {
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
