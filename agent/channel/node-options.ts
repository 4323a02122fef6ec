/**
 * What Node is to be started with so that the engine's thread keeps its time on a busy host. V8 has helper threads that collect
 * and compile; they have no real-time priority, and the thread that they help waits for them and for their locks: by hundreds of
 * milliseconds where others want the CPU (docs/decisions/membership.md has the figures). `--single-threaded-gc` alone leaves the compilers.
 * A thread cannot have options of its own, and V8 crashes where they change while it runs.
 */
export const nodeOptions: readonly string[] = ['--single-threaded'];
