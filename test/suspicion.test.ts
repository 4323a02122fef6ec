import { describe, expect, it } from 'vitest';
import type { InterfaceName, IpAddress, VirtualAddress } from '../agent/config/config.ts';
import type { MemberId } from '../agent/membership/view.ts';
import { Suspicion } from '../agent/suspicion.ts';
import type { MacAddress } from '../agent/wire/mac-address.ts';
import { ManualClock } from './system/manual-clock.ts';

const member = `e3/${'0'.repeat(32)}` as MemberId;
const itsMac = '02:00:00:00:00:03' as MacAddress;
const othersMac = '02:00:00:00:00:01' as MacAddress;
const virtual: VirtualAddress = {
  family: 4,
  address: '192.0.2.1' as IpAddress,
  prefixLength: 24,
  interface: 'eth0' as InterfaceName,
};

/** A segment on which `answer` says who has an address; nobody says so when the time is over. */
class Segment {
  readonly clock = new ManualClock();
  answer: MacAddress | null = null;
  asked = 0;
  expected = false;
  held: readonly VirtualAddress[] = [virtual, virtual, virtual];
  readonly told: string[] = [];
  readonly #options = {
    clock: this.clock,
    heldBy: () => this.held,
    probe: (_address: VirtualAddress, timeoutMs: number) => {
      this.asked += 1;
      const { answer } = this;
      if (answer !== null) return Promise.resolve(answer);
      return new Promise<null>((resolve) => this.clock.after(timeoutMs, () => resolve(null)));
    },
    isFrom: (mac: MacAddress) => mac === itsMac,
    isExpected: () => this.expected,
    onChange: (answering: ReadonlySet<MemberId>) => this.told.push([...answering].join()),
  };
  readonly suspicion: Suspicion;

  constructor(detectMs = 300) {
    this.suspicion = new Suspicion({ ...this.#options, detectMs });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clock.advance(10);
      await new Promise(setImmediate); // answers are promises
    }
  }
}

describe('Suspicion', () => {
  it('one that is silent was asked once before its patience ends, also where heartbeats come every 10 ms', async () => {
    const segment = new Segment(25);
    segment.suspicion.suspect([member]); // one and a half of them after the last
    await segment.pass(10);
    expect(segment.told).toEqual([member, '']);
  });

  it('tells that a suspect answers, once, and when it stops', async () => {
    const segment = new Segment();
    segment.answer = itsMac;
    segment.suspicion.suspect([member]);
    await segment.pass(300);
    expect(segment.told).toEqual([member]);
    segment.answer = null;
    await segment.pass(250);
    expect(segment.told).toEqual([member, '']);
  });

  it('one round in vain is no silence of who has answered, three are, also where it is asked seldom by then', async () => {
    const segment = new Segment();
    segment.answer = itsMac;
    segment.suspicion.suspect([member]);
    await segment.pass(5_000);
    segment.answer = null;
    for (let known = segment.asked; segment.asked === known; ) await segment.pass(10);
    await segment.pass(50); // the time of one round
    segment.answer = itsMac;
    await segment.pass(2_000);
    expect(segment.told).toEqual([member]);
    segment.answer = null;
    await segment.pass(500 + 3 * 50 + 50);
    expect(segment.told).toEqual([member, '']);
  });

  it('one that has said that it restarts is taken for answering from the first moment, until three rounds were in vain', async () => {
    const segment = new Segment();
    segment.expected = true;
    segment.suspicion.suspect([member]);
    expect(segment.told).toEqual([member]);
    await segment.pass(100);
    expect(segment.told).toEqual([member]);
    await segment.pass(100);
    expect(segment.told).toEqual([member, '']);
  });

  it('who has answered is no owner any more as soon as another answers for it', async () => {
    const segment = new Segment();
    segment.answer = itsMac;
    segment.suspicion.suspect([member]);
    await segment.pass(20);
    segment.answer = othersMac;
    await segment.pass(60);
    expect(segment.told).toEqual([member, '']);
  });

  it('another that has the address by now is no answer of the suspect', async () => {
    const segment = new Segment();
    segment.answer = othersMac;
    segment.suspicion.suspect([member]);
    await segment.pass(300);
    expect(segment.told).toEqual([member, '']);
  });

  it('nobody is taken for silent before the first question is over, and then at once', async () => {
    const segment = new Segment();
    segment.suspicion.suspect([member]);
    expect(segment.told).toEqual([member]);
    await segment.pass(40);
    expect(segment.told).toEqual([member]);
    await segment.pass(20);
    expect(segment.told).toEqual([member, '']);
  });

  it('there is nothing to take over from who held nothing', () => {
    const segment = new Segment();
    segment.held = [];
    segment.suspicion.suspect([member]);
    expect(segment.told).toEqual([]);
  });

  it('one that fell silent before this host came is taken for answering until three rounds were in vain, whatever the channel suspects', async () => {
    const segment = new Segment();
    segment.answer = itsMac;
    segment.suspicion.inherit([member]);
    segment.suspicion.suspect([]);
    await segment.pass(1_000);
    expect(segment.told).toEqual([member]);
    segment.answer = null;
    await segment.pass(500 + 3 * 50 + 50);
    expect(segment.told).toEqual([member, '']);
    const { asked } = segment;
    segment.suspicion.inherit([]);
    await segment.pass(2_000);
    expect(segment.asked).toBe(asked);
  });

  it('stops asking when it is suspected no more', async () => {
    const segment = new Segment();
    segment.answer = itsMac;
    segment.suspicion.suspect([member]);
    await segment.pass(100);
    segment.suspicion.suspect([]);
    expect(segment.told).toEqual([member, '']);
    const { asked } = segment;
    await segment.pass(5_000);
    expect(segment.asked).toBe(asked);
  });

  it('asks nobody any more when it was closed, whatever is heard after that: the agent could not end', async () => {
    const segment = new Segment();
    segment.suspicion.suspect([member]);
    segment.suspicion.close();
    const { asked } = segment;
    segment.suspicion.suspect([]);
    segment.suspicion.suspect([member]);
    await segment.pass(1_000);
    expect(segment.asked).toBe(asked);
    expect(segment.clock.timers).toBe(0);
  });

  it('asks several times within one patience, and seldom later', async () => {
    const segment = new Segment();
    segment.answer = itsMac;
    segment.suspicion.suspect([member]);
    await segment.pass(150);
    expect(segment.asked).toBeGreaterThanOrEqual(2 * 3);
    await segment.pass(10_000);
    const { asked } = segment;
    await segment.pass(10_000);
    expect(segment.asked - asked).toBeLessThanOrEqual(2 * 20);
  });
});
