/** Real-time scheduling for the thread of the engine: a busy host must not make a heartbeat late. */

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
