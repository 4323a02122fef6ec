import { describe, expect, it } from 'vitest';
import { announcedBy, echoedBy, type Frame, parseFrames, sentBy, spokenFor } from '../../agent/lab/frames.ts';

function frame(text: string, broadcast = false): Frame {
  return { atMs: 0, port: 'p1', direction: 'in', broadcast, text };
}

describe('parseFrames()', () => {
  it('dates what came in at a port, and leaves out what is no such line', () => {
    const text = [
      'reading from file a.pcap, link-type LINUX_SLL2 (Linux cooked v2)',
      '1795240586.422103 p12   B   ARP, Request who-has 10.77.0.101 tell 10.77.0.2, length 28',
      '1795240586.422112 br0   B   ARP, Request who-has 10.77.0.101 tell 10.77.0.2, length 28',
      '',
    ].join('\n');
    const [only, ...others] = parseFrames(text, -1795240586000);
    expect(only?.atMs).toBeCloseTo(422.103, 3);
    expect(only).toMatchObject({
      port: 'p12',
      direction: 'in',
      broadcast: true,
      text: 'ARP, Request who-has 10.77.0.101 tell 10.77.0.2, length 28',
    });
    expect(others).toEqual([]);
  });

  it('tells what came in from what the switch passed on', () => {
    const text = '1795240586.422103 p1    M   IP 10.77.0.1.4807 > 239.255.72.68.4807: UDP, length 145\n';
    const frames = parseFrames(`${text}${text.replace('p1    M  ', 'p2    Out')}`, 0);
    expect(frames.map(({ port, direction }) => `${port} ${direction}`)).toEqual(['p1 in', 'p2 out']);
  });
});

describe('sentBy()', () => {
  it.each([
    ['IP 10.77.0.1.4807 > 239.255.72.68.4807: UDP, length 145', '10.77.0.1'],
    ['IP 10.77.0.12 > 224.0.0.18: VRRPv2, Advertisement, vrid 1, prio 100, authtype none', '10.77.0.12'],
    ['IP6 fd77::1.4807 > fd77::2.4807: UDP, length 85', 'fd77::1'],
    ['IP6 fe80::1 > ff02::1: ICMP6, neighbor advertisement, tgt is fd77::101, length 32', 'fe80::1'],
    ['ARP, Reply 10.77.0.101 is-at 02:77:00:00:00:01, length 28', null],
  ])('reads %s', (text, expected) => {
    expect(sentBy(frame(text))).toBe(expected);
  });
});

describe('announcedBy()', () => {
  it.each([
    ['ARP, Request who-has 10.77.0.101 (ff:ff:ff:ff:ff:ff) tell 10.77.0.101, length 28', '10.77.0.101'],
    ['ARP, Request who-has 10.77.0.101 tell 10.77.0.101, length 46', '10.77.0.101'],
    ['ARP, Request who-has 10.77.0.101 tell 10.77.0.250, length 28', null],
    ['ARP, Reply 10.77.0.101 is-at 02:77:00:00:00:01, length 28', '10.77.0.101'],
    ['IP 10.77.0.101 > 10.77.0.255: ICMP echo request, id 1, seq 2, length 24', null],
  ])('reads %s', (text, expected) => {
    expect(announcedBy(frame(text, true))).toBe(expected);
  });

  it('takes no answer to one asker for an announcement', () => {
    expect(announcedBy(frame('ARP, Reply 10.77.0.101 is-at 02:77:00:00:00:01, length 28', false))).toBeNull();
  });
});

describe('echoedBy()', () => {
  it.each([
    ['IP 10.77.0.101 > 10.77.0.250: ICMP echo reply, id 1, seq 2, length 24', '10.77.0.101'],
    ['IP6 fd77::101 > fd77::fa: ICMP6, echo reply, id 1, seq 2, length 24', 'fd77::101'],
    ['IP 10.77.0.250 > 10.77.0.101: ICMP echo request, id 1, seq 2, length 24', null],
  ])('reads %s', (text, expected) => {
    expect(echoedBy(frame(text))).toBe(expected);
  });
});

describe('spokenFor()', () => {
  it.each([
    ['ARP, Reply 10.77.0.101 is-at 02:77:00:00:00:01, length 28', '10.77.0.101'],
    ['ARP, Request who-has 10.77.0.101 tell 10.77.0.101, length 28', '10.77.0.101'],
    ['ARP, Request who-has 10.77.0.101 tell 0.0.0.0, length 28', null],
    ['IP6 fd77::101 > ff02::1: ICMP6, neighbor advertisement, tgt is fd77::101, length 32', 'fd77::101'],
    ['IP6 fe80::1 > ff02::1:ff00:101: ICMP6, neighbor solicitation, who has fd77::101, length 32', null],
    ['IP 10.77.0.101 > 10.77.0.250: ICMP echo reply, id 1, seq 2, length 24', '10.77.0.101'],
    ['IP 10.77.0.250 > 10.77.0.101: ICMP echo request, id 1, seq 2, length 24', null],
  ])('reads %s', (text, expected) => {
    expect(spokenFor(frame(text, text.includes('tell 10.77.0.101')))).toBe(expected);
  });
});
