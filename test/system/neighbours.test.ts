import { beforeEach, describe, expect, it } from 'vitest';
import { lookIntervalMs, Neighbours, sharedAgeMsMax, shareIntervalMs } from '../../agent/system/neighbours.ts';
import { parseIpAddress } from '../../agent/wire/ip-address.ts';
import { type MacAddress, macBytes } from '../../agent/wire/mac-address.ts';
import { type Neighbour, neighboursMax } from '../../agent/wire/neighbours-message.ts';
import type { NetlinkMessage } from '../../agent/wire/netlink.ts';
import { encodeAttributes, uint32Value } from '../../agent/wire/netlink-attributes.ts';
import { routeTypes } from '../../agent/wire/rtnetlink.ts';
import { neighbourStates } from '../../agent/wire/rtnetlink-neighbour.ts';
import { ManualClock } from './manual-clock.ts';

const { reachable, stale, failed, noArp } = neighbourStates;
const mac = '02:00:00:00:00:fa' as MacAddress;
const other = '02:00:00:00:00:fb' as MacAddress;

/** RTM_NEWNEIGH, as linux/neighbour.h lays it out. */
function entry(address: string, state: number, { index = 2, ageSeconds = 0 } = {}): NetlinkMessage {
  const bytes = parseIpAddress(address)?.bytes ?? new Uint8Array();
  const head = Uint8Array.of(bytes.length === 4 ? 2 : 10, 0, 0, 0, index, 0, 0, 0, state, 0, 0, 0);
  const attributes = encodeAttributes([
    [1, bytes],
    [2, macBytes(mac)],
    [3, uint32Value(ageSeconds * 100, 0, ageSeconds * 100, 0)],
  ]);
  return { type: routeTypes.newNeighbour, flags: 0, sequence: 0, portId: 0, body: Buffer.concat([head, attributes]) };
}

let clock: ManualClock;
let table: NetlinkMessage[];
let shared: (readonly Neighbour[])[];
let neighbours: Neighbours;

beforeEach(() => {
  clock = new ManualClock();
  table = [];
  shared = [];
  neighbours = new Neighbours({
    route: { dump: async () => ({ kind: 'done', messages: table }) },
    clock,
    carriesSets: (index) => index === 2,
    onShare: (told) => shared.push(told),
  });
  neighbours.open();
});

async function look(): Promise<void> {
  clock.advance(lookIntervalMs);
  await new Promise((resolve) => setImmediate(resolve)); // the kernel's answer
}

describe('Neighbours', () => {
  it('shares who answered lately on the interfaces of the sets', async () => {
    table = [
      entry('192.0.2.1', reachable),
      entry('2001:db8::1', stale, { ageSeconds: 599 }),
      entry('192.0.2.2', stale, { ageSeconds: 601 }),
      entry('192.0.2.3', failed),
      entry('224.0.0.22', noArp),
      entry('192.0.2.4', reachable, { index: 3 }),
    ];
    await look();
    expect(shared).toEqual([
      [
        { address: '192.0.2.1', mac },
        { address: '2001:db8::1', mac },
      ],
    ]);
    expect(neighbours.known()).toEqual(shared[0]);
  });

  it('says nothing while nothing changes, but for a slow refresh, and again where a view has new members', async () => {
    table = [entry('192.0.2.1', reachable), entry('192.0.2.2', stale, { ageSeconds: 9 })];
    await look();
    table = [entry('192.0.2.1', stale, { ageSeconds: 9 }), entry('192.0.2.2', reachable)];
    for (let n = 0; n < 10; n++) await look();
    expect(shared).toHaveLength(1);
    neighbours.tellAgain();
    await look();
    expect(shared).toHaveLength(2);
    for (let ms = 0; ms < shareIntervalMs; ms += lookIntervalMs) await look();
    expect(shared).toHaveLength(3);
  });

  it('is bounded: the latest first', async () => {
    table = Array.from({ length: neighboursMax + 44 }, (_, n) =>
      entry(`10.0.${n >> 8}.${n & 255}`, stale, { ageSeconds: 400 - n }),
    );
    await look();
    expect(shared[0]).toHaveLength(neighboursMax);
    expect(shared[0]?.[0]?.address).toBe('10.0.1.43');
  });

  it('knows what others said, each host once and by its own knowledge first; a member that is gone is forgotten after a while', async () => {
    table = [entry('192.0.2.1', reachable)];
    await look();
    neighbours.learn('e2', [
      { address: '192.0.2.1', mac: other },
      { address: '192.0.2.9', mac: other },
    ]);
    neighbours.learn('e3', [{ address: '192.0.2.8', mac: other }]);
    neighbours.learn('e3', []);
    expect(neighbours.known()).toEqual([
      { address: '192.0.2.1', mac },
      { address: '192.0.2.9', mac: other },
    ]);
    clock.standStill(sharedAgeMsMax + 1);
    expect(neighbours.known()).toEqual([{ address: '192.0.2.1', mac }]);
  });

  it('does nothing any more when it is closed', async () => {
    neighbours.close();
    expect(clock.timers).toBe(0);
  });
});
