/** One promise of the design as a check: it sees all that happens, and says how often it was put to the test. */
import type { Observation } from '../observation.ts';
import type { Settled } from '../rest.ts';
import type { World } from '../world.ts';

export type Check = {
  /** As reports and mutations name it. */
  readonly name: string;
  /** How often the promise was at stake; a check that never was proves nothing. */
  readonly exercised: number;
  /** @throws Breach */
  observe(observation: Observation, world: World): void;
  /** Whenever nothing is left to happen. @throws Breach */
  atRest(views: readonly Settled[], world: World): void;
};
