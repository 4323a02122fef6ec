import type { Contender } from './contender.ts';
import { holdfast } from './holdfast.ts';
import { keepalived } from './keepalived.ts';
import { ucarp } from './ucarp.ts';

/** In the order in which they are told; each run goes through them all before the next begins. */
export const contenders: readonly Contender[] = [
  holdfast(null),
  holdfast(10),
  keepalived(null),
  keepalived(100),
  keepalived(10),
  ucarp(),
];

/** Enough to see what a change did, and few enough for a developer's patience. */
export const quickContenders: readonly Contender[] = contenders.filter(({ name }) =>
  ['holdfast', 'keepalived', 'keepalived-100ms'].includes(name),
);

/** With other loads and sizes. */
export const loadContenders: readonly Contender[] = contenders.filter(({ name }) =>
  ['holdfast', 'keepalived'].includes(name),
);
