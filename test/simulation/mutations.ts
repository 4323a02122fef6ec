/** Rules of the protocol, each broken once: what to find in the compiled file, and what to put there instead. */
import type { Mutation } from '../mutation/mutant.ts';

export const mutations: readonly Mutation[] = [
  {
    rule: 'who holds a set keeps it',
    file: 'ownership/coordinator',
    find: 'holders: holdersOf(state, view)',
    put: 'holders: new Map()',
  },
  {
    rule: 'who is told that another has it releases it',
    file: 'ownership/holder',
    find: 'if (ownerHasIt) {',
    put: 'if (false) {',
  },
  {
    rule: 'nothing is released before the new owner has it',
    file: 'ownership/holder',
    find: 'if (owner === null || isOutFor(state, set))',
    put: 'if (true)',
  },
  {
    rule: 'an older view’s word is no grant',
    file: 'ownership/holder',
    find: 'if (state.decided === 0)',
    put: 'if (false)',
  },
  {
    rule: 'the owner announces again after the other has released',
    file: 'ownership/holder',
    find: "held.length === 0 ? [] : [{ kind: 'announce', sets: held }]",
    put: '[]',
  },
  {
    rule: 'an unheard release is said again',
    file: 'ownership/releases',
    find: 'const strangers = view.together.length < view.members.length;',
    put: 'return [];',
  },
  {
    rule: 'the coordinator waits for the reports',
    file: 'ownership/coordinator',
    find: 'if (view.members.every(isKnown))',
    put: 'if (true)',
  },
  {
    rule: 'who leaves gives all away',
    file: 'ownership/candidates',
    find: 'if (candidate.leaving)',
    put: 'if (false)',
  },
  {
    rule: 'a damped host gets what no other may have',
    file: 'ownership/candidates',
    find: 'if (candidate.witness || candidate.leaving',
    put: 'if (candidate.damped || candidate.witness || candidate.leaving',
  },
  {
    rule: 'a damped host gets nothing that another may have',
    file: 'ownership/placement',
    find: 'return this.#damped[a] ? 1 : -1;',
    put: 'return this.#damped[a] ? -1 : 1;',
  },
  {
    rule: 'a minority lets go',
    file: 'ownership/quorum',
    find: 'needed: Math.floor(voters.size / 2) + 1',
    put: 'needed: 1',
  },
  {
    rule: 'a majority waits until a minority has let go',
    file: 'ownership/coordinator',
    find: 'const fenced = fenceEnds !== null && now < fenceEnds;',
    put: 'const fenced = false;',
  },
  {
    rule: 'a witness owns nothing',
    file: 'ownership/candidates',
    find: 'candidate.witness ||',
    put: '',
  },
  {
    rule: 'ids only grow',
    file: 'membership/ballot',
    find: 'counter: counter + 1',
    put: 'counter: Math.max(1, counter)',
  },
  {
    rule: 'what others delivered is caught up with',
    file: 'membership/install',
    find: 'for (const message of catchUp)',
    put: 'for (const message of [])',
  },
  {
    rule: 'a message is kept until all have it',
    file: 'membership/stability',
    find: 'if (known < (stable[index] ?? 0))',
    put: 'if (false)',
  },
  {
    rule: 'who promised a ballot delivers no more',
    file: 'membership/member-state',
    find: 'return state.view === null || compareViewIds(state.promised, state.view.id) > 0;',
    put: 'return state.view === null;',
  },
  {
    rule: 'lower ballots are refused',
    file: 'membership/following',
    find: 'if (compareMaybeViewIds(ballot, state.promised) <= 0)',
    put: 'if (false)',
  },
  {
    rule: 'nothing waits for one that does not hear us',
    file: 'membership/send',
    find: '|| !peer.hears.has(turn.state.incarnation)',
    put: '',
  },
];
