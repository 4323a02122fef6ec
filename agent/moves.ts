/** What moved, as an operator reads it: a line a set, or one for many that went the same way for the same reason. */
import { hostOf } from './membership/view.ts';
import { describeReason } from './ownership/reason.ts';
import type { SetMove } from './ownership/state.ts';

export type MoveLine = {
  readonly text: string;
  /** The sets, where `text` has only their number. */
  readonly names: string;
  /** Something is wrong with the host that had them. */
  readonly alarming: boolean;
};

/** More than that share a line. A line is a system call that the claim would wait for, and pages of them are read by nobody. */
const linesOfOneKindMax = 8;

export function describeMoves(moves: readonly SetMove[]): readonly MoveLine[] {
  const kinds = new Map<string, SetMove[]>();
  for (const move of moves) {
    const known = kinds.get(describeWay(move));
    if (known === undefined) kinds.set(describeWay(move), [move]);
    else known.push(move);
  }
  return [...kinds].flatMap(([way, alike]): readonly MoveLine[] => {
    const alarming = alike[0]?.reason.kind === 'answering';
    if (alike.length <= linesOfOneKindMax) {
      return alike.map(({ set }) => ({ text: `set ${set}: ${way}`, names: '', alarming }));
    }
    return [{ text: `${alike.length} sets: ${way}`, names: alike.map(({ set }) => set).join(' '), alarming }];
  });
}

function describeWay({ from, to, reason }: SetMove): string {
  const where = to === null ? 'nobody' : hostOf(to);
  return `${from === null ? '' : `${hostOf(from)} -> `}${where} (${describeReason(reason)})`;
}
