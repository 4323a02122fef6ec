/** Which actions a world has to choose from. */
import type { Action } from './action.ts';
import type { Node } from './node.ts';
import { linkOf, type World } from './world.ts';

export function actionsIn(world: World, cuts: readonly (readonly string[])[]): readonly Action[] {
  const actions: Action[] = [];
  for (const { host: from } of world.nodes) {
    for (const { host: to } of world.nodes) {
      const link = linkOf(from, to);
      if (world.heartbeats.has(link)) actions.push({ kind: 'hear', from, to });
      if (!world.datagrams.has(link)) continue;
      actions.push({ kind: 'deliver', from, to });
      if (world.left.losses > 0) actions.push({ kind: 'lose', from, to });
    }
  }
  for (const node of world.nodes) actions.push(...actionsOf(node, world));
  if (world.cuts.size > 0) actions.push({ kind: 'heal' });
  else if (world.left.cuts > 0) for (const links of cuts) actions.push({ kind: 'cut', links });
  return actions;
}

function* actionsOf(node: Node, world: World): Iterable<Action> {
  const { host, agent } = node;
  const { crashes, restarts, alarms, stalls } = world.left;
  if (agent === null) {
    if (restarts > 0) yield { kind: 'restart', host };
    return;
  }
  if (agent.toMain.length > 0) yield { kind: 'hand', host, to: 'main' };
  if (agent.toEngine.length > 0) yield { kind: 'hand', host, to: 'engine' };
  if (agent.orders.length > 0) yield { kind: 'kernel', host };
  if (isQuiet(node, world)) yield { kind: 'tick', host };
  if (alarms > 0) yield { kind: 'hear-nothing', host };
  if (stalls > 0) yield { kind: 'stall', host };
  if (crashes > 0) yield { kind: 'crash', host };
}

/** Nothing is on its way between it and one that lives which would be there before its next deadline, were the network as quick as it should be. */
function isQuiet({ host, agent }: Node, { nodes, heartbeats, datagrams }: World): boolean {
  if (agent === null || agent.orders.length + agent.toMain.length + agent.toEngine.length > 0) return false;
  return nodes.every(({ host: other, agent: lives }) => {
    if (lives === null) return true;
    const [to, from] = [linkOf(other, host), linkOf(host, other)];
    return !heartbeats.has(to) && !datagrams.has(to) && !datagrams.has(from);
  });
}
