/** The client is a machine of its own: what else this one does is not to delay it. */
import native from '#native';

/** Behind the agents, whose real-time threads take a few milliseconds in a takeover: a client would not be what they wait for. */
const priority = 1;

/** Takes effect for the calling thread; where it is not permitted the client takes its turn, and what it measures is longer. */
export function goFirst(): void {
  try {
    native.setThreadRealtime({ priority });
  } catch {
    // As an ordinary user, or in a group of processes without real-time: docs/lab.md tells of the noise.
  }
}
