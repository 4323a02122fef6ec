/** A path as lines a person can read: each action, and what came of it. */
import { describeEffect, describeView } from '../simulation/story.ts';
import { describeAction } from './action.ts';
import { complete } from './completion.ts';
import type { Happening } from './node.ts';
import { breachOf, type Failure } from './search.ts';
import { apply, type World } from './world.ts';

export function storyOf(from: World, { path, message, healed }: Failure): readonly string[] {
  const lines: string[] = [];
  const watch = (host: string, happening: Happening): void => {
    lines.push(...describe(host, happening).map((line) => `      ${line}`));
  };
  try {
    let world = from;
    for (const [index, action] of path.entries()) {
      lines.push(`${String(index + 1).padStart(4)}  ${describeAction(action)}`);
      world = apply(world, action, watch) ?? world;
    }
    lines.push(`      -- ${healed ? 'the cut heals, and ' : ''}nothing more befalls them`);
    complete(healed ? { ...world, cuts: new Set() } : world, watch);
  } catch (error) {
    lines.push(`BROKEN ${breachOf(error).message}`);
    return lines;
  }
  return [...lines, `NOT BROKEN THIS TIME ${message}`];
}

function describe(host: string, happening: Happening): readonly string[] {
  switch (happening.kind) {
    case 'installed':
      return [`${host} is in ${describeView(happening.view)}`];
    case 'stepped':
      return happening.effects.flatMap((effect) => describeEffect(host, effect));
    case 'announced':
      return [`${host} announces ${happening.set}`];
    case 'broadcast':
    case 'answered':
    case 'sent':
      return [];
  }
}
