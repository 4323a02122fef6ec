import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Lab tests boot whole networks with real agents: on two cores more at once only makes them wait for each other.
    maxWorkers: 2,
    maxConcurrency: 2,
    // Agents there have 250 ms of patience, and a shared machine stands still for longer now and then. The report shows a retry.
    retry: 1,
    reporters: ['default'],
  },
});
