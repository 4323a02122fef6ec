import { describe, expect, it } from 'vitest';
import { WitnessWatch } from '../agent/witness-watch.ts';
import { ManualClock } from './system/manual-clock.ts';

/** A neighbour that answers at once, or not within the time. */
class Segment {
  readonly clock = new ManualClock();
  answers: boolean;
  /** Instants of the rounds. */
  readonly asked: number[] = [];
  readonly told: string[] = [];
  readonly watch: WitnessWatch;

  constructor(answers = true) {
    this.answers = answers;
    this.watch = this.#watch();
  }

  #watch(): WitnessWatch {
    return new WitnessWatch({
      clock: this.clock,
      detectMs: 300,
      ask: (timeoutMs) => {
        this.asked.push(this.clock.now());
        if (this.answers) return Promise.resolve(true);
        return new Promise((resolve) => this.clock.after(timeoutMs, () => resolve(false)));
      },
      onChange: (word) => this.told.push(`${this.clock.now()} ${word}`),
    });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await new Promise(setImmediate); // answers are promises
      this.clock.advance(10);
    }
    await new Promise(setImmediate);
  }
}

describe('WitnessWatch', () => {
  it('takes the first answer, asks each second, and says nothing twice', async () => {
    const segment = new Segment();
    await segment.pass(3_500);
    expect(segment.told).toEqual(['0 answers']);
    expect(segment.asked).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('loses it after two rounds from the moment the host is alone, and asks calmly from then on', async () => {
    const segment = new Segment();
    await segment.pass(100);
    segment.answers = false;
    segment.watch.hurry();
    await segment.pass(600);
    expect(segment.told).toEqual(['0 answers', '700 silent']);
    expect(segment.asked).toEqual([0, 100, 400]);
    await segment.pass(2_000);
    expect(segment.asked).toEqual([0, 100, 400, 1_400, 2_400]);
  });

  it('one round that is lost is no loss', async () => {
    const segment = new Segment();
    await segment.pass(900);
    segment.answers = false;
    await segment.pass(300);
    segment.answers = true;
    await segment.pass(5_000);
    expect(segment.told).toEqual(['0 answers']);
  });

  it('wins it back after three answers in a row, not by one now and then', async () => {
    const segment = new Segment(false);
    await segment.pass(700);
    for (let n = 0; n < 5; n++) {
      segment.answers = !segment.answers;
      await segment.pass(1_000);
    }
    expect(segment.told).toEqual(['600 silent']);
    segment.answers = true;
    await segment.pass(4_000);
    expect(segment.told).toHaveLength(2);
    expect(segment.told[1]).toMatch(/ answers$/);
  });

  it('asks nothing any more when it is closed', async () => {
    const segment = new Segment();
    await segment.pass(100);
    segment.watch.close();
    segment.watch.hurry();
    await segment.pass(5_000);
    expect(segment.asked).toEqual([0]);
    expect(segment.clock.timers).toBe(0);
  });
});
