import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../agent/membership/evidence.ts';
import { Announcer } from '../../agent/system/announcer.ts';
import { PortRate } from '../../agent/system/port-rate.ts';
import { decodeArp } from '../../agent/wire/arp.ts';
import { parseMac, zeroMac } from '../../agent/wire/mac-address.ts';
import { ManualClock } from './manual-clock.ts';

const link = { index: 2, name: 'eth0', mac: parseMac('02:00:00:00:00:0a') ?? zeroMac };
const address = { family: 4, address: '192.0.2.10', link } as const;

const granted: Evidence = { ask: () => 0, isAnswered: () => true };

function setUp(send: () => Error | null = () => null, evidence: Evidence = granted) {
  const clock = new ManualClock();
  const sent: string[] = [];
  const failures: string[] = [];
  const announcer = new Announcer({
    clock,
    rate: new PortRate(2000),
    stallMs: 300,
    evidence,
    send(_, frame) {
      const decoded = decodeArp(frame);
      if (decoded.kind === 'arp') {
        const { operation, targetAddress } = decoded.packet;
        sent.push(`${clock.now()} ${operation}${targetAddress === address.address ? '' : ` to ${targetAddress}`}`);
      }
      return send();
    },
    onFailure: (error) => failures.push(error.message),
  });
  return { clock, announcer, sent, failures };
}

describe('Announcer', () => {
  it('start(): the first frames are out when it returns', () => {
    const { announcer, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    expect(sent).toEqual(['0 request', '0 reply']);
  });

  it('start(): keeps one timer, for the next round', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    announcer.start(new Map([['mail', [address]]]));
    expect(clock.timers).toBe(1);
    clock.advance(3000);
    expect(sent.filter((line) => line.endsWith('request'))).toEqual([
      '0 request',
      '0 request',
      '1100 request',
      '1100 request',
      '3000 request',
      '3000 request',
    ]);
  });

  it('repeats nothing before the view is known to stand, and asks nothing of the first frames and of what was asked for', () => {
    let answered = 0;
    let asked = 0;
    const { announcer, clock, sent } = setUp(() => null, {
      ask: () => ++asked,
      isAnswered: (question) => answered >= question,
    });
    announcer.start(new Map([['www', [address]]]));
    clock.advance(1_150);
    announcer.once('www');
    expect(sent).toEqual(['0 request', '0 reply', '1150 request', '1150 reply']);
    clock.advance(1_900); // the second repeat is due at 3000
    expect(sent).toHaveLength(4);
    answered = asked;
    clock.advance(20);
    expect(sent.slice(4)).toEqual(['3051 request', '3051 reply']);
  });

  it('repeats all the same where nobody has answered for as long as a stall: by then the view has changed', () => {
    const { announcer, clock, sent } = setUp(() => null, { ask: () => 1, isAnswered: () => false });
    announcer.start(new Map([['www', [address]]]));
    clock.advance(1_399);
    expect(sent).toHaveLength(2);
    clock.advance(20);
    expect(sent.slice(2)).toEqual(['1411 request', '1411 reply']);
  });

  it('after a stall: what became due waits until whoever stood still has been told, and may be stopped', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    clock.standStill(10_000);
    clock.advance(299);
    expect(sent).toHaveLength(2);
    announcer.stop(['www']);
    clock.advance(60_000);
    expect(sent).toHaveLength(2);
  });

  it('after a stall: the schedule goes on where nobody stops it', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    clock.standStill(2_000);
    clock.advance(300);
    expect(sent.slice(2)).toEqual(['2300 request', '2300 reply']);
  });

  it.each<[string, (announcer: Announcer) => void, readonly string[]]>([
    ['stop()', (announcer) => announcer.stop(['mail']), []],
    ['changeRate()', (announcer) => announcer.changeRate(1000), []],
    ['once()', (announcer) => announcer.once('www'), []],
    [
      'start()',
      (announcer) => announcer.start(new Map([['new', [{ ...address, address: '192.0.2.20' }]]])),
      ['10000 request to 192.0.2.20', '10000 reply to 192.0.2.20'],
    ],
  ])('%s: the first thing after a stall sends nothing of what became due meanwhile', (_, change, own) => {
    const { announcer, clock, sent } = setUp();
    announcer.start(
      new Map([
        ['www', [address]],
        ['mail', [address]],
      ]),
    );
    sent.length = 0;
    clock.standStill(10_000);
    change(announcer);
    clock.advance(299);
    expect(sent).toEqual(own);
    clock.advance(1);
    expect(sent.slice(own.length)).toEqual(expect.arrayContaining(['10300 request', '10300 reply']));
  });

  it('stop(): nothing is sent and no timer is left', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    announcer.stop(['www']);
    expect(clock.timers).toBe(0);
    clock.advance(120_000);
    expect(sent).toHaveLength(2);
  });

  it('close(): nothing is sent and no timer is left, whatever is started or stopped later', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    announcer.close();
    announcer.start(new Map([['mail', [address]]]));
    announcer.stop(['mail']);
    expect(clock.timers).toBe(0);
    expect(sent).toHaveLength(2);
  });

  it('start(): begins anew for a set that is announced', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(new Map([['www', [address]]]));
    clock.advance(10_000);
    sent.length = 0;
    announcer.start(new Map([['www', [address]]]));
    clock.advance(1100);
    expect(sent).toEqual(['10000 request', '10000 reply', '11100 request', '11100 reply']);
  });

  it('start(): a frame that cannot be sent is reported, and the schedule goes on', () => {
    let down = true;
    const { announcer, clock, sent, failures } = setUp(() => (down ? new Error('ENETDOWN') : null));
    announcer.start(new Map([['www', [address]]]));
    expect(failures).toEqual(['ENETDOWN', 'ENETDOWN']);
    down = false;
    clock.advance(1100);
    expect(failures).toHaveLength(2);
    expect(sent.at(-1)).toBe('1100 reply');
  });

  it('start(): those to be told one by one come last, and not with the slow refreshes', () => {
    const { announcer, clock, sent } = setUp();
    announcer.start(
      new Map([['www', [{ ...address, audience: () => [{ address: '192.0.2.1' }, { address: '192.0.2.2' }] }]]]),
    );
    expect(sent).toEqual(['0 request', '0 reply', '0 request to 192.0.2.1', '0 request to 192.0.2.2']);
    clock.advance(120_000);
    expect(sent.filter((line) => line.endsWith('to 192.0.2.1'))).toHaveLength(2);
    expect(announcer.announces('www')).toBe(true);
    announcer.stop(['www']);
    expect(announcer.announces('www')).toBe(false);
  });
});
