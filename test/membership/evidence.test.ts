import { describe, expect, it } from 'vitest';
import { viewOf } from './network.ts';

describe('ask()', () => {
  it('another member of the view answers at once', () => {
    const network = viewOf('a', 'b', 'c');
    const askedAt = network.nowMs;
    network.ask('a', 7);
    network.runFor(20);
    expect(network.confirmed).toMatchObject([{ host: 'a', question: 7 }]);
    expect((network.confirmed[0]?.atMs ?? 0) - askedAt).toBeLessThan(10);
    network.runFor(2000);
    expect(network.confirmed).toHaveLength(1);
  });

  it('what was heard without having been asked for is no answer, however new it is', () => {
    const network = viewOf('a', 'b', 'c');
    network.runFor(2000);
    expect(network.confirmed).toEqual([]);
    network.cut('a', 'b');
    network.cut('a', 'c');
    network.ask('a', 7);
    network.runFor(150); // both are heard, and hear nothing of the question
    expect(network.confirmed).toEqual([]);
    network.heal();
    network.runFor(150);
    expect(network.confirmed).toMatchObject([{ host: 'a', question: 7 }]);
  });

  it('what had arrived unread when the machine was paused is none', () => {
    const network = viewOf('a', 'b', 'c');
    network.pause('a');
    network.runFor(250); // heartbeats in the view wait in the socket
    network.ask('a', 7); // due with the first instant after it
    network.partition(['a'], ['b', 'c']);
    network.runFor(1000);
    network.resume('a');
    expect(network.confirmed).toEqual([]);
  });

  it('who was paused while the others went on gets no answer in its view', () => {
    const network = viewOf('a', 'b', 'c');
    network.pause('a');
    network.runFor(2000);
    expect(network.viewOf('b')).toBe('b,c');
    network.resumeUnaware('a', 2000);
    network.ask('a', 7);
    expect(network.runUntil(() => network.viewOf('b') === 'a,b,c', 1000)).not.toBeNull();
    expect(network.confirmed).toEqual([]); // in that view it is
  });

  it('alone in its view a member asks nobody, also where it comes to be alone meanwhile', () => {
    const alone = viewOf('a');
    alone.ask('a', 7);
    expect(alone.confirmed).toMatchObject([{ question: 7 }]);
    const network = viewOf('a', 'b');
    network.crash('b');
    network.ask('a', 8);
    network.runFor(100);
    expect(network.confirmed).toEqual([]);
    network.runFor(2000);
    expect(network.confirmed).toMatchObject([{ question: 8 }]);
  });

  it('a later question stands for those before', () => {
    const network = viewOf('a', 'b');
    network.cut('b', 'a');
    network.ask('a', 7);
    network.runFor(50);
    network.ask('a', 8);
    network.heal();
    network.runFor(150);
    expect(network.confirmed).toMatchObject([{ question: 8 }]);
  });
});
