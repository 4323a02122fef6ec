/**
 * The one clock of the lab: CLOCK_MONOTONIC in milliseconds. It is the same for every process of a machine, whatever
 * namespace it is in, so instants of the lab, the prober and the watched kernels are compared without conversion.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What to add to a wall-clock time in ms to get monotonic ms. Both clocks are slewed alike; only a step changes it. */
export function wallToMonotonicMs(): number {
  return monotonicMs() - (performance.timeOrigin + performance.now());
}
