/**
 * What the rounds in which a witness address is asked come to. It takes several misses to lose it and more answers to win it back, so
 * that one that comes and goes moves nothing.
 */
import type { WitnessWord } from './isolation.ts';

export type WitnessTally = {
  readonly word: WitnessWord;
  /** Rounds in a row. */
  readonly misses: number;
  readonly answers: number;
};

/** Each is a round of up to three frames. */
const missesToLose = 2;
/** A second apart; the first word after the start needs one. */
const answersToWin = 3;
const restMs = 1000;
/** A router under load answers ARP late, and switches that inspect it shut a port at 15 frames a second by default. */
const roundMsMin = 200;

export const noWitnessYet: WitnessTally = { word: 'unknown', misses: 0, answers: 0 };

/** One round; after `missesToLose` of them from the moment that a host is alone, it knows. */
export function witnessRoundMs(detectMs: number): number {
  return Math.min(restMs, Math.max(roundMsMin, detectMs));
}

export function tallied(before: WitnessTally, answered: boolean): WitnessTally {
  const misses = answered ? 0 : before.misses + 1;
  const answers = answered ? before.answers + 1 : 0;
  if (misses >= missesToLose) return { word: 'silent', misses, answers };
  const isWon = answers >= (before.word === 'unknown' ? 1 : answersToWin);
  return { word: isWon ? 'answers' : before.word, misses, answers };
}

/** From the begin of a round to that of the next. */
export function witnessPeriodMs({ word, misses }: WitnessTally, roundMs: number): number {
  return misses > 0 && word !== 'silent' ? roundMs : restMs;
}
