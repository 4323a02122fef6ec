/** Real-time scheduling for the thread of the engine, and now and then for the main one: a busy host must not make a heartbeat late, nor a takeover. */

/** Low among the real-time priorities: kernel threads that matter stand above it. */
const priority = 10;

/** Takes effect for the calling thread. @returns what to tell the operator where it is not permitted; it works without */
export async function becomeRealtime(): Promise<string | null> {
  try {
    const { setThreadRealtime } = await import('#native');
    setThreadRealtime({ priority });
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Heartbeats run without real-time priority: ${reason}; a busy host may look dead sooner`;
  }
}

/** For the main thread, whoever calls; where the engine's thread may have it. */
export async function mainThreadPriority(): Promise<(priority: number) => void> {
  const { setThreadRealtime } = await import('#native');
  return (priority) => {
    try {
      setThreadRealtime({ priority, thread: process.pid });
    } catch {
      // Permitted to this thread and not to that one: a takeover takes its turn, as where neither is.
    }
  };
}
