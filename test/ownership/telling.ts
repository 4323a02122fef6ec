/** What stories begin with, and what is asked for in them. */
import type { HostName } from '../../agent/membership/view.ts';
import type { Command } from '../../agent/ownership/command.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { Group, poolOf } from './group.ts';

export function threeHosts(pool = poolOf('abcdef')): Group {
  const group = new Group(pool);
  for (const host of ['e1', 'e2', 'e3']) group.start(host);
  group.view('e1', 'e2', 'e3');
  group.settle();
  return group;
}

/** Asks, and waits until nothing is left to happen. */
export function command(group: Group, host: string, command: Command): void {
  group.tell(host, { kind: 'command', id: 1, command });
  group.settle();
}

export function move(set: string, host: string): Command {
  return { kind: 'move', set: set as SetName, host: host as HostName };
}

export function drain(host: string): Command {
  return { kind: 'drain', host: host as HostName };
}
