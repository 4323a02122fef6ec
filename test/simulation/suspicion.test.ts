import { expect, it } from 'vitest';
import { Stage } from '../transcripts/stage.ts';

/** What is set when the last of them ends: a few timers each, none of which sets another. */
const eventsMax = 500;

it.each(['kill', 'power-off'] as const)('Suspicion: asks nobody any more when its agent has ended by %s', (kind) => {
  const stage = new Stage(['e1', 'e2', 'e3'], ['api', 'www'], undefined, 'answered');
  stage.startAll();
  stage.apply({ kind: 'power-off', host: 'e3' }); // which e1 and e2 ask for from now on
  stage.pass(250);
  for (const host of ['e1', 'e2']) stage.apply(kind === 'kill' ? { kind, host, guard: 'dead' } : { kind, host });
  const until = stage.world.now + 3_600_000;
  let events = 0;
  while (stage.world.advance(until)) events += 1;
  expect(events).toBeLessThan(eventsMax);
});
