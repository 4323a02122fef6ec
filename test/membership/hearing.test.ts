import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Circle, hearingOf, type Listener } from '../../agent/membership/hearing.ts';
import type { Incarnation } from '../../agent/membership/identity.ts';
import type { HostName } from '../../agent/membership/view.ts';

/** More than two words of 32 bits. */
const membersMax = 70;

const worlds = fc.integer({ min: 1, max: membersMax }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    /** Of each ten members the first two are of one host. */
    seed: fc.integer(),
    deaf: fc.integer({ min: 0, max: 3 }),
    changed: fc.nat({ max: count - 1 }),
  }),
);

function drawListeners(count: number, seed: number, deaf: number): Listener[] {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const names = Array.from({ length: count }, (_, at) => String(at).padStart(32, '0') as Incarnation);
  return names.map((incarnation, at) => ({
    incarnation,
    host: `h${at % 10 === 1 ? at - 1 : at}` as HostName,
    hears: at === 0 ? null : new Set(names.filter(() => next() >= deaf * 20)),
  }));
}

function isMutual(a: Listener, b: Listener): boolean {
  const hears = (one: Listener, other: Listener): boolean => one.hears === null || one.hears.has(other.incarnation);
  return a.host !== b.host && hears(a, b) && hears(b, a);
}

/** One by one, each compared with each. */
function slowCircle(listeners: readonly Listener[]): readonly number[] {
  const circle: number[] = [];
  for (const [at, listener] of listeners.entries()) {
    const fits = circle.every((other) => isMutual(listener, listeners[other] ?? listener));
    if (fits) circle.push(at);
  }
  return circle;
}

function circleOf(listeners: readonly Listener[], former: Parameters<typeof hearingOf>[1]): Circle {
  const circle = new Circle(hearingOf(listeners, former));
  for (const at of listeners.keys()) circle.add(at);
  return circle;
}

describe('hearingOf()', () => {
  it('finds the same group as each compared with each, also where one has changed since', () => {
    fc.assert(
      fc.property(worlds, ({ count, seed, deaf, changed }) => {
        const listeners = drawListeners(count, seed, deaf);
        expect(circleOf(listeners, null).members).toEqual(slowCircle(listeners));
        const former = hearingOf(listeners, null);
        const rows = [...former.rows];
        const later = listeners.map((listener, at) =>
          at === changed && listener.hears !== null ? { ...listener, hears: new Set<Incarnation>() } : listener,
        );
        expect(circleOf(later, former).members).toEqual(slowCircle(later));
        expect(former.rows).toEqual(rows);
      }),
    );
  });

  it('takes nothing over from another list of members', () => {
    const listeners = drawListeners(40, 7, 2);
    const former = hearingOf(listeners, null);
    const fewer = listeners.slice(1);
    expect(hearingOf(fewer, former)).toEqual(hearingOf(fewer, null));
  });
});

describe('Circle.addAll()', () => {
  it('leaves the group as it was where one of them does not fit', () => {
    const listeners = drawListeners(12, 1, 0);
    const circle = new Circle(hearingOf(listeners, null));
    expect(circle.add(0)).toBe(true);
    expect(circle.addAll([2, 10, 11])).toBe(false); // 10 and 11 are of one host
    expect(circle.members).toEqual([0]);
    expect(circle.addAll([2, 10])).toBe(true);
    expect([0, 2, 10, 11].map((at) => circle.has(at))).toEqual([true, true, true, false]);
  });
});
