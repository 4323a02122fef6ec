import { describe, expect, it } from 'vitest';
import { inOrder } from '../../agent/channel/effect-order.ts';
import { Network } from '../membership/network.ts';

describe('inOrder()', () => {
  it('datagrams come before what is told to all, each in their order', () => {
    const network = new Network({ seed: 1, hosts: ['a', 'b'] });
    network.start('a', 'b');
    network.runFor(1000);
    const { said } = network.stateOf('a');
    if (said === null) throw new Error('it has sent heartbeats');
    const route = { path: 0, address: 'b' };
    const acknowledged = (upTo: number) =>
      ({
        kind: 'send-datagram',
        route,
        datagram: { kind: 'ack', to: network.stateOf('b').incarnation, upTo },
      }) as never; // only its kind matters
    const heartbeat = { kind: 'broadcast-heartbeat', heartbeat: said } as const;
    const [first, second] = [acknowledged(1), acknowledged(2)];
    const left = { kind: 'left' } as const;
    expect(inOrder([heartbeat, first, left, second])).toEqual([first, second, heartbeat, left]);
    expect(inOrder([heartbeat, left])).toEqual([heartbeat, left]);
  });
});
