/** The promises of the design in its order, and those that have nothing to be checked on yet. */
import { AgentDeath } from './agent-death.ts';
import { Agreement } from './agreement.ts';
import { Bounded } from './bounded.ts';
import { Cause } from './cause.ts';
import type { Check } from './check.ts';
import { Covered } from './covered.ts';
import { FlapDamping } from './damping.ts';
import { LastWord } from './last-word.ts';
import { OneHolder } from './one-holder.ts';
import { ReturningOwner } from './returning-owner.ts';
import { StandingCut } from './standing-cut.ts';
import { Superseded } from './superseded.ts';

export function allChecks(): readonly Check[] {
  return [
    new OneHolder(),
    new Covered(),
    new FlapDamping(),
    new Cause(),
    new Superseded(),
    new LastWord(),
    new Agreement(),
    new StandingCut(),
    new ReturningOwner(),
    new Bounded(),
    new AgentDeath(),
  ];
}

/** Said in the report, so that nobody takes their absence for success. */
export const unchecked: readonly { readonly promise: string; readonly why: string }[] = [
  { promise: 'majority', why: 'ownership has no `partition = majority` yet' },
];
