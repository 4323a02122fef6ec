import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultAnnounceRate } from '../../agent/config/defaults.ts';
import { AnnouncementSchedule, refreshMs, type ScheduledAddress } from '../../agent/system/announcement-schedule.ts';
import { PortRate, reserveFrames } from '../../agent/system/port-rate.ts';

/** Frames are named by one byte; the address's number, and 100 more for its second frame. */
function address(number: number, interfaceIndex = 2): ScheduledAddress<string> {
  const frame = (name: number) => Uint8Array.of(name);
  return { link: `eth${interfaceIndex}`, interfaceIndex, first: frame(number), more: [frame(number + 100)] };
}

const options = (framesPerSecond: number) => ({ rate: new PortRate(framesPerSecond), random: () => 0 });
const fast = 2000;

/** Runs the schedule as a clock would, from wakeup to wakeup. */
function play(schedule: AnnouncementSchedule<string>, from: number, until: number): (readonly [number, number])[] {
  const sent: (readonly [number, number])[] = [];
  for (let now = from, steps = 0; now <= until; steps++) {
    if (steps > 10_000) throw new Error('the schedule does not get on');
    for (const { frame } of schedule.due(now)) sent.push([now, frame[0] ?? -1]);
    now = Math.max(now, schedule.nextWakeup(now) ?? Number.POSITIVE_INFINITY);
  }
  return sent;
}

describe('AnnouncementSchedule', () => {
  it('due(): at once, at 1.1 s, at 3 s, and every minute from then on', () => {
    const schedule = new AnnouncementSchedule<string>(options(fast));
    schedule.start(new Map([['www', [address(1)]]]), 1000);
    const firsts = play(schedule, 1000, 1000 + 3000 + 2 * refreshMs).filter(([, frame]) => frame === 1);
    expect(firsts.map(([at]) => at - 1000)).toEqual([0, 1100, 3000, 3000 + refreshMs, 3000 + 2 * refreshMs]);
  });

  it('once(): one round now, and the rest as it was; nothing of a set that is not announced', () => {
    const schedule = new AnnouncementSchedule<string>(options(fast));
    schedule.start(new Map([['www', [address(1)]]]), 0);
    play(schedule, 0, 3000);
    schedule.once('www', 10_000);
    schedule.once('api', 10_000);
    const sent = play(schedule, 10_000, 10_000 + refreshMs).filter(([, frame]) => frame === 1);
    expect(sent.map(([at]) => at)).toEqual([10_000, 10_000 + refreshMs]);
  });

  it('due(): refreshes are up to a quarter early, so that hosts do not fall into step', () => {
    const schedule = new AnnouncementSchedule<string>({ ...options(fast), random: () => 0.999 });
    schedule.start(new Map([['www', [address(1)]]]), 0);
    const [, , third, fourth] = play(schedule, 0, 3000 + refreshMs).filter(([, frame]) => frame === 1);
    expect((fourth?.[0] ?? 0) - (third?.[0] ?? 0)).toBeCloseTo(0.75 * refreshMs, -2);
  });

  it('due(): one frame for each address first, then the second ones', () => {
    const schedule = new AnnouncementSchedule<string>(options(fast));
    schedule.start(new Map([['www', [address(1), address(2), address(3)]]]), 0);
    expect(play(schedule, 0, 1000).map(([, frame]) => frame)).toEqual([1, 2, 3, 101, 102, 103]);
  });

  it('due(): a newly claimed set does not wait behind the second frames of another', () => {
    const schedule = new AnnouncementSchedule<string>(options(10));
    schedule.start(new Map([['a', [address(1), address(2)]]]), 0);
    expect(schedule.due(0).map(({ frame }) => frame[0])).toEqual([1, 2]);
    schedule.start(new Map([['b', [address(3)]]]), 1);
    expect(play(schedule, 1, 600).map(([, frame]) => frame)).toEqual([3, 101, 102, 103]);
  });

  it('due(): each interface has a rate of its own', () => {
    const schedule = new AnnouncementSchedule<string>(options(10));
    schedule.start(new Map([['www', [address(1, 2), address(2, 2), address(3, 3)]]]), 0);
    const at = new Map(play(schedule, 0, 1000).map(([now, frame]) => [frame, now]));
    expect([at.get(1), at.get(2), at.get(101), at.get(102), at.get(3), at.get(103)]).toEqual([0, 0, 200, 300, 0, 100]);
  });

  it('due(): never more than the rate, a burst of 50 ms and the reserve, and nothing is lost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 90 }), (framesPerSecond, count) => {
        const schedule = new AnnouncementSchedule<string>(options(framesPerSecond));
        const addresses = Array.from({ length: count }, (_, n) => address(n));
        schedule.start(new Map([['www', addresses]]), 0);
        const neededMs = (1000 * (2 * count + reserveFrames)) / framesPerSecond;
        const sent = play(schedule, 0, Math.min(neededMs + 1, 1000));
        const burst = Math.max(1, framesPerSecond / 20) + reserveFrames;
        for (const [at] of sent) {
          const before = sent.filter(([earlier]) => earlier <= at).length;
          expect(before).toBeLessThanOrEqual(burst + (at * framesPerSecond) / 1000 + 1e-3);
        }
        if (neededMs < 1000) expect(sent.length).toBe(2 * count);
      }),
    );
  });

  it('due(): a thousand first frames within 40 ms at the default rate, though each timer is 10 ms late, and none is repeated before', () => {
    const schedule = new AnnouncementSchedule<string>(options(defaultAnnounceRate));
    const late = (now: number) => (schedule.nextWakeup(now) ?? now) + 10;
    schedule.start(new Map([['www', Array.from({ length: 1000 }, (_, n) => ({ ...address(1), link: `${n}` }))]]), 0);
    const sent: string[] = [];
    for (let now = 0; now <= 40; now = late(now)) {
      for (const { link, frame } of schedule.due(now)) if (frame[0] === 1) sent.push(link);
    }
    expect(sent.slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, n) => `${n}`));
  });

  it('due(): where the rate is too low for the refreshes, they do not pile up', () => {
    const schedule = new AnnouncementSchedule<string>(options(1));
    const addresses = Array.from({ length: 50 }, (_, n) => address(n)); // 100 frames a round, and a round a minute
    schedule.start(new Map([['www', addresses]]), 0);
    play(schedule, 0, 1_000_000);
    schedule.start(new Map([['mail', [address(60)]]]), 1_000_000);
    const second = play(schedule, 1_000_000, 1_500_000).find(([, frame]) => frame === 160);
    expect(second?.[0]).toBeLessThan(1_000_000 + 102_000);
  });

  it('stop(): nothing comes out any more, waiting frames included', () => {
    const schedule = new AnnouncementSchedule<string>(options(10));
    schedule.start(new Map([['a', [1, 2, 3, 4, 5].map((number) => address(number))]]), 0);
    schedule.start(new Map([['b', [address(6)]]]), 0);
    expect(schedule.due(0)).toHaveLength(1 + reserveFrames);
    schedule.stop(['a']);
    expect(play(schedule, 1, 1000).map(([, frame]) => frame)).toEqual([6, 106]);
    schedule.stop(['b']);
    expect(schedule.nextWakeup(0)).toBeNull();
    expect(schedule.due(1_000_000)).toEqual([]);
  });

  it('start(): begins with the first round again for a set that is there already', () => {
    const schedule = new AnnouncementSchedule<string>(options(fast));
    schedule.start(new Map([['www', [address(1)]]]), 0);
    play(schedule, 0, 10_000);
    schedule.start(new Map([['www', [address(1)]]]), 20_000);
    const firsts = play(schedule, 20_000, 24_000).filter(([, frame]) => frame === 1);
    expect(firsts.map(([at]) => at)).toEqual([20_000, 21_100, 23_000]);
  });

  it('due(): frames to single hosts wait for all others, keep to the rate, and are made only when it is their turn', () => {
    const schedule = new AnnouncementSchedule<string>(options(100));
    let made = 0;
    function* directed() {
      for (let host = 0; host < 100_000; host++) {
        made += 1;
        yield Uint8Array.of(200);
      }
    }
    schedule.start(new Map([['www', [{ ...address(1), directed }, address(2)]]]), 0);
    expect(play(schedule, 0, 100).map(([, frame]) => frame)).toEqual([1, 2, 101, 102, ...Array(11).fill(200)]);
    expect(made).toBe(11);
    schedule.stop(['www']);
    expect(schedule.nextWakeup(0)).toBeNull();
  });
});
