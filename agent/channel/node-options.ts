/**
 * What Node is to be started with so that the engine's thread keeps its time on a busy host. V8 has helper threads that collect
 * and compile; they have no real-time priority, and the thread that they help waits for them and for their locks: by hundreds of
 * milliseconds where others want the CPU (docs/decisions/membership.md has the figures). `--single-threaded-gc` alone leaves the compilers.
 * A thread cannot have options of its own, and V8 crashes where they change while it runs.
 */
export const nodeOptions: readonly string[] = nodeOptionsFor(process.versions.v8);

/**
 * Without helpers V8 optimises in the thread itself what has run for a while: in a takeover of a thousand addresses that was half of
 * what the main thread did. So it waits 15 times as long as by itself; what always runs is optimised within minutes. `--no-opt` would double the cost of heartbeats every
 * 10 ms. The name is V8's own: that of Node 20 has it; that of Node 24 has not, would not start with it, and has a quick compiler that comes first.
 * What it then compiles, the thread that sends heartbeats waits for: by itself up to 14 ms for one function with all that it calls, mostly half of it where
 * less is put into one (`--max-inlined-bytecode-size-cumulative`), at no more cost.
 * What has not run for long it throws away by itself, and compiles anew when it is called: a takeover is such code, and that of the kernel's part cannot be rehearsed
 * (`--no-flush-bytecode`).
 *
 * @param v8 its version, `11.3.244.8-node.33`
 */
export function nodeOptionsFor(v8: string): readonly string[] {
  if (!v8.startsWith('11.')) return ['--single-threaded'];
  const compiling = ['--interrupt-budget=1000000', '--max-inlined-bytecode-size-cumulative=150'];
  return ['--single-threaded', ...compiling, '--no-flush-bytecode'];
}
