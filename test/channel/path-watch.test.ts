import { describe, expect, it } from 'vitest';
import type { PeerStatus } from '../../agent/channel/channel.ts';
import { PathWatch } from '../../agent/channel/path-watch.ts';
import type { InstantMs, MemberId } from '../../agent/membership/view.ts';
import { hostName } from './engines.ts';

const first = '10.1.0.2';
const second = '10.2.0.2';

/** Of a host with two paths. @param lost the addresses that are */
function b(state: PeerStatus['state'], ...lost: readonly string[]): readonly PeerStatus[] {
  const paths = [first, second].map((address) => ({ address, lastHeardMsAgo: 10, lost: lost.includes(address) }));
  return [{ member: 'b/1' as MemberId, host: hostName('b'), level: 1, inView: true, state, paths }];
}

/** What it tells at each look, a second apart: `-` lost, `+` heard again. */
function told(...looks: readonly (readonly PeerStatus[])[]): readonly string[] {
  const watch = new PathWatch();
  return looks.map((peers, at) =>
    watch
      .look(() => peers, (at * 1_000) as InstantMs)
      .map(({ host, address, lost }) => `${host} ${lost ? '-' : '+'}${address}`)
      .join(),
  );
}

describe('PathWatch', () => {
  it.each<[string, readonly (readonly PeerStatus[])[], readonly string[]]>([
    ['lost, and heard again', [b('alive'), b('alive', second), b('alive')], ['', `b -${second}`, `b +${second}`]],
    ['told once', [b('alive', second), b('alive', second)], [`b -${second}`, '']],
    ['the other one', [b('alive', first), b('alive', second)], [`b -${first}`, `b +${first},b -${second}`]],
    [
      'not back because its host is silent',
      [b('alive', first), b('silent'), b('alive', first)],
      [`b -${first}`, '', ''],
    ],
    [
      'back when its host is heard on all',
      [b('alive', first), b('silent'), b('alive')],
      [`b -${first}`, '', `b +${first}`],
    ],
    ['forgotten with its host', [b('alive', first), [], b('alive')], [`b -${first}`, '', '']],
  ])('%s', (_, looks, expected) => {
    expect(told(...looks)).toEqual(expected);
  });

  it('looks once a second', () => {
    const watch = new PathWatch();
    const instants = [0, 400, 999, 1_000, 1_500, 2_000] as InstantMs[];
    const looks = instants.filter((now) => {
      let looked = false;
      watch.look(() => {
        looked = true;
        return [];
      }, now);
      return looked;
    });
    expect(looks).toEqual([0, 1_000, 2_000]);
  });
});
