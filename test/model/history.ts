/** What has happened so far and promises hang on: part of a world, so that two paths are one only where it is the same. */
import { compareViewIds, type MemberId, type View, type ViewId } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { Breach } from '../simulation/breach.ts';
import type { Happening } from './node.ts';

type Installed = {
  readonly view: View;
  readonly former: View | null;
  readonly delivered: ReadonlyMap<MemberId, string>;
};

export type History = {
  /** By view and member. */
  readonly installed: ReadonlyMap<string, ReadonlyMap<MemberId, Installed>>;
  /** Whose each grant of a set is. */
  readonly granted: ReadonlyMap<string, MemberId>;
  /** Who announced each set last: where clients send. */
  readonly announced: ReadonlyMap<SetName, MemberId>;
};

export const emptyHistory: History = { installed: new Map(), granted: new Map(), announced: new Map() };

/** @throws Breach */
export function remember(history: History, member: MemberId, happening: Happening): History {
  switch (happening.kind) {
    case 'installed':
      return { ...history, installed: withView(history, member, happening) };
    case 'stepped':
      return { ...history, granted: withGrants(history, happening) };
    case 'announced':
      return { ...history, announced: new Map(history.announced).set(happening.set, member) };
    case 'broadcast':
    case 'answered':
    case 'sent':
      return history;
  }
}

/** In an order of its own: two worlds may have come to it in different ones. */
export function textOfHistory({ installed, granted, announced }: History): string {
  const views = [...installed].map(([id, members]) => {
    const each = [...members].map(([member, { former, delivered }]) => {
      const said = [...delivered].map(([sender, what]) => `${sender}:${what}`).sort();
      return `${member}<${former === null ? '' : nameOf(former.id)} ${said.join(';')}`;
    });
    return `${id}=${each.sort().join('|')}`;
  });
  const grants = [...granted].map(([grant, owner]) => `${grant}=${owner}`);
  const last = [...announced].map(([set, member]) => `${set}=${member}`);
  return [views.sort().join('\n'), grants.sort().join(), last.sort().join()].join('\n');
}

/** All who install a view install the same one, ids grow, and who goes together has delivered the same. */
function withView(
  { installed }: History,
  member: MemberId,
  { view, former, delivered }: Happening & { kind: 'installed' },
): History['installed'] {
  const id = nameOf(view.id);
  if (former !== null && compareViewIds(former.id, view.id) >= 0) {
    throw new Breach('agreement', `${member} installs ${id} after ${nameOf(former.id)}`);
  }
  const others = installed.get(id) ?? new Map<MemberId, Installed>();
  const mine: Installed = { view, former, delivered };
  for (const [other, theirs] of others) {
    if (other === member) throw new Breach('agreement', `${member} installs ${id} twice`);
    compareInstalled(member, mine, other, theirs);
  }
  return new Map(installed).set(id, new Map(others).set(member, mine));
}

function compareInstalled(one: MemberId, mine: Installed, other: MemberId, theirs: Installed): void {
  const id = nameOf(mine.view.id);
  if (mine.view.members.join() !== theirs.view.members.join()) {
    throw new Breach(
      'agreement',
      `there are two views ${id}: ${mine.view.members.join()} and ${theirs.view.members.join()}`,
    );
  }
  const together = mine.view.together.includes(other);
  if (together !== theirs.view.together.includes(one)) {
    throw new Breach('agreement', `${one} and ${other} do not agree whether they came to ${id} together`);
  }
  if (!together) return;
  if (mine.former === null || theirs.former === null || compareViewIds(mine.former.id, theirs.former.id) !== 0) {
    throw new Breach('agreement', `${one} and ${other} came to ${id} together, but from different views`);
  }
  for (const sender of mine.former.members) {
    if (mine.delivered.get(sender) === theirs.delivered.get(sender)) continue;
    throw new Breach(
      'agreement',
      `${one} and ${other} left ${nameOf(mine.former.id)} with other messages of ${sender}`,
    );
  }
}

/** One grant is one member's. */
function withGrants({ granted }: History, { effects }: Happening & { kind: 'stepped' }): History['granted'] {
  let next = granted;
  for (const effect of effects) {
    if (effect.kind !== 'send' || effect.message.kind !== 'decision') continue;
    for (const { set, owner, grant } of effect.message.assignments) {
      if (owner === null) continue;
      const key = `${set} ${nameOf(grant.view)}/${grant.n}`;
      const known = next.get(key);
      if (known === undefined) next = new Map(next).set(key, owner);
      else if (known !== owner) throw new Breach('superseded', `the grant ${key} is ${known}'s and ${owner}'s`);
    }
  }
  return next;
}

function nameOf({ counter, leader }: ViewId): string {
  return `${counter}.${leader}`;
}
