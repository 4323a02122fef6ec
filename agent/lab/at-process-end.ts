/** What must happen before this process is gone: at its exit, at an uncaught error, at a signal that ends it. */

const actions = new Set<() => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * @param action synchronous: there is no later. Not run by SIGKILL: then the kernel ends the lab's processes itself.
 * @returns how to take it back
 */
export function atProcessEnd(action: () => void): () => void {
  if (actions.size === 0) {
    process.on('exit', runActions);
    for (const signal of signals) process.on(signal, onSignal);
  }
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size > 0) return;
    process.off('exit', runActions);
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function runActions(): void {
  for (const action of actions) action();
  actions.clear();
}

/** Where somebody else listens as well, when to end is theirs to say; 'exit' comes then. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runActions();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
