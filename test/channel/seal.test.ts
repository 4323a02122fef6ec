import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { groupTagOf } from '../../agent/channel/frame-keys.ts';
import { ReplayWindow } from '../../agent/channel/replay-window.ts';
import { FrameSealer } from '../../agent/channel/seal.ts';
import { FrameOpener } from '../../agent/channel/unseal.ts';
import type { Incarnation } from '../../agent/membership/identity.ts';

const alice = 'a1'.repeat(16) as Incarnation;
const bob = 'b0'.repeat(16) as Incarnation;
const tag = groupTagOf('edge');
const key = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);
const body = new TextEncoder().encode('a heartbeat');

function seal(groupKey: Uint8Array = key, groupTag: Uint8Array = tag): Buffer {
  return new FrameSealer(alice, groupKey, groupTag).seal(body);
}

describe('FrameSealer', () => {
  it('sealLast(): frames that are fresh whenever they come, and make all others of the run old', () => {
    const sealer = new FrameSealer(alice, key, tag);
    const opener = new FrameOpener(bob, [key], tag);
    const last = sealer.sealLast(body, 3);
    for (let count = 0; count < 5000; count += 1) sealer.seal(body);
    const ordinary = sealer.seal(body);
    expect(opener.open(ordinary, 0).kind).toBe('opened');
    for (const frame of last) expect(opener.open(frame, 0).kind).toBe('opened');
    expect(opener.open(last[0] ?? body, 0)).toEqual({ kind: 'refused', reason: 'replayed' });
    expect(opener.open(sealer.seal(body), 0)).toEqual({ kind: 'refused', reason: 'replayed' });
    expect(sealer.sealLast(body, 3)).toEqual(last);
  });
});

describe('FrameOpener', () => {
  it('opens what was sealed', () => {
    const opened = new FrameOpener(bob, [key], tag).open(seal(), 0);
    expect(opened).toMatchObject({ kind: 'opened', sender: alice });
    expect(opened.kind === 'opened' && Buffer.from(opened.body).toString()).toBe('a heartbeat');
  });

  it('opens with any key of the ring, also while the sender changes over', () => {
    const opener = new FrameOpener(bob, [key, otherKey], tag);
    const frames = [new FrameSealer(alice, key, tag), new FrameSealer(alice, otherKey, tag)];
    frames[1]?.seal(body); // takes counter 1, which the first has too
    for (const sealer of frames) expect(opener.open(sealer.seal(body), 0).kind).toBe('opened');
  });

  it('after a change of keys nothing is taken twice, and the key that was taken away opens nothing', () => {
    const opener = new FrameOpener(bob, [key, otherKey], tag);
    const sealer = new FrameSealer(alice, key, tag);
    const before = sealer.seal(body);
    expect(opener.open(before, 0).kind).toBe('opened');
    sealer.rekey(otherKey);
    opener.rekey([otherKey, key]);
    expect(opener.open(before, 0)).toEqual({ kind: 'refused', reason: 'replayed' });
    expect(opener.open(sealer.seal(body), 0).kind).toBe('opened');
    opener.rekey([otherKey]);
    sealer.rekey(key);
    expect(opener.open(sealer.seal(body), 0)).toEqual({ kind: 'refused', reason: 'unknown-key' });
  });

  it('any bit that is changed breaks the seal', () => {
    const frame = seal();
    for (let at = 28; at < frame.length; at += 1) {
      const broken = Buffer.from(frame);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      const opened = new FrameOpener(bob, [key], tag).open(broken, 0);
      expect(opened.kind, `byte ${at}`).toBe('refused');
    }
  });

  it.each([
    ['other-group', seal(key, groupTagOf('another'))],
    ['unknown-key', seal(otherKey)],
    ['too-short', seal().subarray(0, 40)],
    ['not-ours', Buffer.alloc(100)],
  ])('names why it refuses: %s', (reason, frame) => {
    expect(new FrameOpener(bob, [key], tag).open(frame, 0)).toEqual({ kind: 'refused', reason });
  });

  it('the name of another sender in the header is a broken seal', () => {
    const frame = seal();
    frame.fill(0xcc, 12, 28);
    expect(new FrameOpener(bob, [key], tag).open(frame, 0)).toEqual({ kind: 'refused', reason: 'bad-seal' });
  });

  it('the same frame again is a replay on its path, and a duplicate on another', () => {
    const opener = new FrameOpener(bob, [key], tag);
    const frame = seal();
    expect(opener.open(frame, 0).kind).toBe('opened');
    expect(opener.open(frame, 0)).toEqual({ kind: 'refused', reason: 'replayed' });
    expect(opener.open(frame, 1)).toEqual({ kind: 'refused', reason: 'duplicate' });
    expect(opener.open(frame, 1)).toEqual({ kind: 'refused', reason: 'replayed' });
  });

  it('knows its own frames', () => {
    expect(new FrameOpener(alice, [key], tag).open(seal(), 0)).toEqual({ kind: 'own' });
  });

  it('never throws on noise', () => {
    const opener = new FrameOpener(bob, [key], tag);
    for (let round = 0; round < 300; round += 1) {
      const noise = randomBytes(round);
      const start = seal().subarray(0, round % 53);
      expect(opener.open(Buffer.concat([start, noise]), 0).kind).toBe('refused');
    }
  });
});

describe('ReplayWindow', () => {
  it('takes each counter once, in any order within its width', () => {
    const window = new ReplayWindow();
    for (const counter of [5, 3, 4096, 4, 4097, 6]) {
      expect(window.isFresh(counter), `${counter}`).toBe(true);
      window.accept(counter);
      expect(window.isFresh(counter), `${counter} again`).toBe(false);
    }
    expect(window.isFresh(1)).toBe(false);
    expect(window.isFresh(2)).toBe(true);
  });

  it('forgets nothing it skipped when it jumps', () => {
    const window = new ReplayWindow();
    window.accept(10);
    window.accept(1_000_000);
    expect(window.isFresh(999_999)).toBe(true);
    expect(window.isFresh(10)).toBe(false);
    expect(window.isFresh(0)).toBe(false);
  });
});
