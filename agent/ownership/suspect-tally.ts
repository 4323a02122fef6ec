/**
 * What the rounds in which the host of a silent member is asked for what it held come to. Nothing is taken over before it was asked once:
 * short patience may end while the first question is on its way.
 */

/** elsewhere: another host answers. */
export type SuspectAnswer = 'answers' | 'silent' | 'elsewhere';

export type SuspectTally = {
  /** What it held is left to it. */
  readonly answers: boolean;
  /** Or is known to be there: it takes more than one round in vain to take it for gone. */
  readonly hasAnswered: boolean;
  /** Rounds in a row. */
  readonly inVain: number;
};

/** Rounds in one patience; the first comes at half of it. */
export const roundsPerPatience = 6;
/** After as many rounds the matter is no longer urgent: switches that inspect ARP shut a port at 15 frames a second. */
const quickRounds = 12;
const slowRoundMs = 500;
/** Who has answered is taken for gone only after as many rounds in vain, one at once after the other: frames get lost, hosts are busy. */
const roundsInVainMax = 3;

/** @param isThere as far as one can know, before it is asked */
export function newSuspect(isThere: boolean, holdsSomething: boolean): SuspectTally {
  return { answers: isThere || holdsSomething, hasAnswered: isThere, inVain: 0 };
}

/** One round. */
export function suspectTallied(before: SuspectTally, answer: SuspectAnswer): SuspectTally {
  const inVain = answer === 'silent' ? before.inVain + 1 : 0;
  const hasAnswered = before.hasAnswered || answer === 'answers';
  const tally = { answers: answer === 'answers', hasAnswered, inVain };
  return isDoubtful(tally) ? { ...tally, answers: before.answers } : tally;
}

/** The next round comes at once. */
function isDoubtful({ hasAnswered, inVain }: Pick<SuspectTally, 'hasAnswered' | 'inVain'>): boolean {
  return hasAnswered && inVain > 0 && inVain < roundsInVainMax;
}

/**
 * From the answer to the next question.
 *
 * @param round how many were asked
 */
export function restMs(tally: SuspectTally, round: number, roundMs: number): number {
  if (isDoubtful(tally)) return 0;
  return round < quickRounds ? roundMs : slowRoundMs;
}
