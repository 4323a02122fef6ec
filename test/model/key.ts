/** Worlds as numbers: those from which the same can come have the same one. */
import type { Heartbeat } from '../../agent/membership/message.ts';
import { meaningOf } from './codec.ts';
import { textOfHistory } from './history.ts';
import type { Node } from './node.ts';
import { hashOf, textOf } from './text.ts';
import type { World } from './world.ts';

export function keyOf(world: World): number {
  const parts = world.nodes.map(keyOfNode);
  const heartbeats = [...world.heartbeats].map(([link, heartbeat]) => `${link}${keyOfHeartbeat(heartbeat)}`);
  const datagrams = [...world.datagrams].map(([link, list]) => `${link}${textOf(list, { now: null, meaningOf })}`);
  const left = Object.values(world.left).join();
  const cuts = [...world.cuts].join();
  return hashOf(
    [...parts, heartbeats.sort().join(), datagrams.sort().join(), cuts, left, textOfHistory(world.history)].join('\n'),
  );
}

const nodeKeys = new WeakMap<Node, number>();

/** One action changes one host, mostly: the others are known. */
function keyOfNode(node: Node): number {
  let key = nodeKeys.get(node);
  if (key === undefined) {
    const { clock: now, ...rest } = node;
    key = hashOf(textOf(rest, { now, meaningOf }));
    nodeKeys.set(node, key);
  }
  return key;
}

const heartbeatKeys = new WeakMap<Heartbeat, string>();

function keyOfHeartbeat(heartbeat: Heartbeat): string {
  let key = heartbeatKeys.get(heartbeat);
  if (key === undefined) {
    key = textOf(heartbeat, { now: null, meaningOf });
    heartbeatKeys.set(heartbeat, key);
  }
  return key;
}
