/** The promises of the design in its order. */
import { AgentDeath } from './agent-death.ts';
import { Agreement } from './agreement.ts';
import { Answering } from './answering.ts';
import { Bounded } from './bounded.ts';
import { Cause } from './cause.ts';
import type { Check } from './check.ts';
import { Covered } from './covered.ts';
import { FlapDamping } from './damping.ts';
import { ViewEvidence } from './evidence.ts';
import { Isolation } from './isolation.ts';
import { LastWord } from './last-word.ts';
import { OneSide } from './majority.ts';
import { OneHolder } from './one-holder.ts';
import { Paths } from './paths.ts';
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
    new ViewEvidence(),
    new OneSide(),
    new Isolation(),
    new Answering(),
    new LastWord(),
    new Agreement(),
    new StandingCut(),
    new ReturningOwner(),
    new Bounded(),
    new AgentDeath(),
    new Paths(),
  ];
}
