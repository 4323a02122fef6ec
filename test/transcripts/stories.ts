/** The stories that matter, each played on a stage of its own, with what must have come of it. */
import { expect } from 'vitest';
import type { HostName } from '../../agent/membership/view.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import { Stage } from './stage.ts';

export type Story = {
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  /** What to look for, in a sentence or two. */
  readonly about: string;
  readonly play: () => Stage;
};

const three = ['e1', 'e2', 'e3'];
const sets = ['api', 'dns', 'www'];

export const stories: readonly Story[] = [
  {
    name: 'power-loss',
    title: 'Power loss',
    about:
      'e2 owns dns and loses its power. The others miss its heartbeats, agree on a view without it, and one takes dns over.',
    play: () => {
      const stage = settled();
      stage.apply({ kind: 'power-off', host: 'e2' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api dns | e2: | e3: www');
      expect(stage.clients.longestSilenceMs).toBeLessThan(350);
      return stage;
    },
  },
  {
    name: 'leader-dies',
    title: 'The leader dies while it leads',
    about:
      'e3 loses its power; e1 leads the agreement on a view without it, and loses its power before it has a promise. e2 finishes what is left to finish, alone.',
    play: () => {
      const stage = settled();
      stage.apply({ kind: 'power-off', host: 'e3' });
      stage.until('e1 leads', () => stage.agent('e1').engine?.agreement.kind === 'leading');
      stage.apply({ kind: 'power-off', host: 'e1' });
      stage.pass(1_000);
      stage.rest();
      expect(stage.held()).toBe('e1: | e2: api dns www | e3:');
      expect(stage.clients.longestSilenceMs).toBeLessThan(700);
      return stage;
    },
  },
  {
    name: 'merge',
    title: 'Two halves meet',
    about:
      'A cut between e1 e2 and e3 e4: each half serves all sets. It heals: one keeper a set, the others release it once the keeper has announced it, and the keeper announces it again.',
    play: () => {
      const stage = settled(['e1', 'e2', 'e3', 'e4'], ['api', 'www']);
      stage.apply({
        kind: 'split',
        sides: [
          ['e1', 'e2'],
          ['e3', 'e4'],
        ],
      });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api | e2: www | e3: api | e4: www');
      stage.apply({ kind: 'heal' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api | e2: www | e3: | e4:');
      expect(stage.clients.longestSilenceMs).toBe(0);
      return stage;
    },
  },
  {
    name: 'return',
    title: 'An owner returns',
    about: 'e2 is back after its power was lost. Nothing moves: who owns a set keeps it.',
    play: () => {
      const stage = new Stage(three, sets);
      stage.startAll();
      stage.apply({ kind: 'power-off', host: 'e2' });
      stage.pass(600);
      stage.rest();
      stage.begin();
      stage.apply({ kind: 'start', host: 'e2' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api dns | e2: | e3: www');
      expect(stage.lines.filter((line) => / (claims|releases|answered|no answer)/.test(line))).toHaveLength(
        sets.length,
      );
      return stage;
    },
  },
  {
    name: 'handover-old-owner-dies',
    title: 'The old owner dies in a handover',
    about:
      'An operator moves api from e1 to e3. e1 loses its power before it has heard that e3 has it: e3 has been told to, and goes on.',
    play: () => {
      const stage = settled();
      move(stage, 'api', 'e3');
      stage.until('e1 gives it', () => stage.agent('e1').ownership.holdings.get('api' as SetName)?.phase === 'giving');
      stage.apply({ kind: 'power-off', host: 'e1' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: | e2: dns | e3: api www');
      return stage;
    },
  },
  {
    name: 'handover-new-owner-dies',
    title: 'The new owner dies in a handover',
    about:
      'An operator moves api from e1 to e3. e3 loses its power when it has announced api and e1 has not heard so: e1 still has it, and takes clients back with an announcement.',
    play: () => {
      const stage = settled();
      move(stage, 'api', 'e3');
      stage.until('e3 has it', () => stage.world.host('e3').has('api' as SetName));
      stage.apply({ kind: 'power-off', host: 'e3' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api www | e2: dns | e3:');
      expect(stage.clients.longestSilenceMs).toBeLessThan(350);
      return stage;
    },
  },
  {
    name: 'one-way-cut',
    title: 'A one-way cut',
    about:
      'Nothing gets from e1 to e3 any more, and that stays so. Only who hears each other can be in one view: e1 and e2 go on, e3 hears them in a view without it, and holds nothing.',
    play: () => {
      const stage = settled();
      stage.apply({ kind: 'cut', from: 'e1', to: 'e3' });
      stage.pass(3_000);
      stage.rest();
      expect(stage.held()).toBe('e1: api www | e2: dns | e3:');
      expect(stage.clients.longestTwiceMs).toBeLessThan(50);
      return stage;
    },
  },
  {
    name: 'one-way-block',
    title: 'Only heartbeats are lost, and only one way',
    about:
      'A firewall drops what the agent of e3 sends, and nothing else. e3 is silent, but its host answers for www, so that is left to it. e3 hears so, and though it stands back it keeps www; it claims nothing. Then it loses its power: what does not answer is taken over.',
    play: () => {
      const stage = new Stage(three, sets, undefined, 'answered');
      stage.startAll();
      stage.begin();
      stage.apply({ kind: 'filter', from: 'e3', to: 'e1' });
      stage.apply({ kind: 'filter', from: 'e3', to: 'e2' });
      stage.pass(3_000);
      expect(stage.held()).toBe('e1: api | e2: dns | e3: www');
      expect(stage.clients.longestSilenceMs).toBe(0);
      expect(stage.clients.longestTwiceMs).toBe(0);
      stage.apply({ kind: 'power-off', host: 'e3' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api www | e2: dns | e3:');
      return stage;
    },
  },
  {
    name: 'deaf-block',
    title: 'Only heartbeats are lost, the other way',
    about:
      'A firewall drops what the agents of others send to e3, and nothing else. e3 hears nobody, so it cannot know that the others go on without it; its host answers for www, so that is left to it, as it leaves theirs to them.',
    play: () => {
      const stage = new Stage(three, sets, undefined, 'answered');
      stage.startAll();
      stage.begin();
      // In the middle of an interval: e3 misses one of the others before the other.
      stage.pass(733);
      stage.apply({ kind: 'filter', from: 'e1', to: 'e3' });
      stage.apply({ kind: 'filter', from: 'e2', to: 'e3' });
      stage.pass(3_000);
      expect(stage.held()).toBe('e1: api | e2: dns | e3: www');
      stage.apply({ kind: 'heal' });
      stage.pass(600);
      stage.rest();
      expect(stage.held()).toBe('e1: api | e2: dns | e3: www');
      expect(stage.clients.longestSilenceMs).toBe(0);
      expect(stage.clients.longestTwiceMs).toBe(0);
      return stage;
    },
  },
  {
    name: 'stall',
    title: 'A stopped process goes on',
    about:
      'The agent of e2 is stopped for a second, its addresses stay in its kernel. The others take over; when it goes on it claims and announces nothing before it knows what became of its sets.',
    play: () => {
      const stage = settled();
      stage.apply({ kind: 'pause', host: 'e2', clock: 'runs', ms: 1_000 });
      stage.pass(1_600);
      stage.rest();
      expect(stage.held()).toBe('e1: api dns | e2: | e3: www');
      expect(stage.clients.longestSilenceMs).toBe(0);
      return stage;
    },
  },
  {
    name: 'paused-machine',
    title: 'A paused machine goes on',
    about:
      'The whole machine e2 is paused for ten seconds, its clock as well, so nothing inside shows a gap. The others take over; the first heartbeat that it hears says so, before an announcement that was due 400 ms later.',
    play: () => {
      const stage = settled();
      stage.pass(700);
      const from = stage.lines.length;
      stage.apply({ kind: 'pause', host: 'e2', clock: 'stands', ms: 10_000 });
      stage.pass(11_000);
      stage.rest();
      expect(stage.held()).toBe('e1: api dns | e2: | e3: www');
      const afterwards = stage.lines.slice(from);
      expect(afterwards.filter((line) => /e2 +announces .* again/.test(line))).toEqual([]);
      expect(afterwards.filter((line) => /e2 +must first hear/.test(line))).not.toEqual([]);
      expect(stage.clients.longestSilenceMs).toBeLessThan(350);
      return stage;
    },
  },
  {
    name: 'drain',
    title: 'A host is drained',
    about:
      'An operator drains e1, which coordinates. The new owner claims first, the old one releases after it, and no client notices.',
    play: () => {
      const stage = settled();
      stage.apply({ kind: 'command', host: 'e1', command: { kind: 'drain', host: 'e1' as HostName } });
      stage.pass(300);
      stage.rest();
      expect(stage.held()).toBe('e1: | e2: api dns | e3: www');
      expect(stage.clients.longestSilenceMs).toBe(0);
      expect(stage.clients.longestTwiceMs).toBeLessThan(50);
      return stage;
    },
  },
  {
    name: 'cold-start',
    title: 'A cold start with a host missing',
    about:
      'All hosts were off. e1 and e2 start, e3 does not. Nobody owns anything until the group is mature: all hosts of the file are there, or, as here, a second has gone by.',
    play: () => {
      const stage = new Stage(three, sets);
      stage.begin();
      stage.apply({ kind: 'start', host: 'e1' });
      stage.pass(250);
      stage.apply({ kind: 'start', host: 'e2' });
      stage.pass(1_200);
      stage.rest();
      expect(stage.held()).toBe('e1: api www | e2: dns | e3:');
      return stage;
    },
  },
  {
    name: 'flapper',
    title: 'A host that comes and goes',
    about:
      'e3 is preferred for www and gets it back whenever it is there, as its file says. It loses its power three times in three seconds: then it is damped, and www stays on another host until e3 has been quiet for a while.',
    play: () => {
      const stage = new Stage(three, sets, (pool) => ({
        ...pool,
        sets: pool.sets.map((set) =>
          set.name === 'www' ? { ...set, prefer: ['e3' as HostName], failbackMs: 0 } : set,
        ),
        damping: { halfLifeMs: 4_000, suppress: 2_500, reuse: 1_200, ceiling: 6_000 },
      }));
      stage.startAll();
      stage.begin();
      for (let time = 1; time <= 3; time += 1) {
        stage.apply({ kind: 'power-off', host: 'e3' });
        stage.pass(600);
        stage.apply({ kind: 'start', host: 'e3' });
        stage.pass(400);
        expect(stage.world.host('e3').has('www' as SetName), `after departure ${time}`).toBe(time < 3);
      }
      stage.until('e3 gets it back', () => stage.world.host('e3').has('www' as SetName));
      stage.pass(100);
      stage.rest();
      expect(stage.held()).toBe('e1: api | e2: dns | e3: www');
      expect(stage.clients.longestSilenceMs).toBeLessThan(350);
      return stage;
    },
  },
];

/** All are there, and it is told from here on. */
function settled(hosts: readonly string[] = three, names: readonly string[] = sets): Stage {
  const stage = new Stage(hosts, names);
  stage.startAll();
  stage.begin();
  return stage;
}

function move(stage: Stage, set: string, host: string): void {
  stage.apply({ kind: 'command', host: 'e1', command: { kind: 'move', set: set as SetName, host: host as HostName } });
}
