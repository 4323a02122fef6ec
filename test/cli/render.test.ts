import { describe, expect, it } from 'vitest';
import { renderBalance, renderMoves } from '../../agent/cli/render-balance.ts';
import { renderMembers } from '../../agent/cli/render-members.ts';
import { type RenderOptions, renderStatus } from '../../agent/cli/render-status.ts';
import { widthOf } from '../../agent/cli/text.ts';
import type { Status } from '../../agent/control/protocol.ts';
import { memberStatus, now, pool, sampleStatus, secondsAgo, setStatus } from './sample-status.ts';

const plain: RenderOptions = { width: 80, colour: false, now, all: false };

/** Everything that can go wrong, at once. */
const troubled: Status = sampleStatus({
  state: 'moving',
  sets: [
    setStatus('www', {
      addresses: ['203.0.113.10/24', '2001:db8:20::10/64'],
      owner: 'e2',
      reason: 'taken over: e3 is gone; least loaded',
      since: secondsAgo(3),
    }),
    setStatus('dns', {
      owner: 'e1',
      heldBy: ['e1', 'e2'],
      reason: 'balanced: moved from e2; least loaded',
      since: secondsAgo(0.5),
    }),
    setStatus('db', { problem: 'cannot add 198.51.100.200/24 to eth0: ENODEV (no such interface)', here: 'failed' }),
    ...pool(3).map((set) => ({
      ...set,
      owner: null,
      since: null,
      heldBy: [],
      reason: 'no host that is there may own it: all are draining',
    })),
  ],
  members: [
    memberStatus('e1', { sets: 2 }),
    memberStatus('e2', {
      paths: [
        { address: '10.1.0.2', lastHeardMsAgo: 33, lost: false },
        { address: '10.2.0.2', lastHeardMsAgo: 65_000, lost: true },
      ],
    }),
    memberStatus('e3', {
      state: 'absent',
      member: null,
      sets: 0,
      paths: [{ address: '10.1.0.3', lastHeardMsAgo: null, lost: false }],
    }),
  ],
  channel: {
    engine: 'built-in',
    level: 1,
    peers: [],
    refused: {},
    refusedFrom: {},
    notices: ['No permission for SCHED_RR'],
  },
});

describe('renderStatus()', () => {
  it('says who owns what and why, who is there, and what happened, where all is well', () => {
    expect(renderStatus(sampleStatus(), plain)).toMatchInlineSnapshot(`
      "OK: 6 sets, all held, 3 of 3 hosts, settled
      group edge, seen from e1, view 7.e1 for 3 min, up 2 h 10 min, version 0.1.0

      SETS
        SET      ADDRESS          OWNER  FOR    WHY
        edge-01  198.51.100.1/24  e1     3 min  nobody had it; least loaded
        edge-02  198.51.100.2/24  e2     3 min  nobody had it; least loaded
        edge-03  198.51.100.3/24  e3     3 min  nobody had it; least loaded
        edge-04  198.51.100.4/24  e1     3 min  nobody had it; least loaded
        edge-05  198.51.100.5/24  e2     3 min  nobody had it; least loaded
        edge-06  198.51.100.6/24  e3     3 min  nobody had it; least loaded

      HOSTS
        HOST  STATE   SETS  HEARD      LEADS  PATHS
        e1    member  2     this host  yes    10.1.0.1
        e2    member  2     42 ms ago         10.1.0.2
        e3    member  2     42 ms ago         10.1.0.3

      LATELY
        3 min ago  edge-03: nobody -> e3: nobody had it; least loaded
        3 min ago  view 7.e1: e1, e2, e3; e3 joined"
    `);
  });

  it('puts the trouble first and what to try last', () => {
    expect(renderStatus(troubled, plain)).toMatchInlineSnapshot(`
      "NOT COVERED: 6 sets, 3 held by nobody, 2 of 3 hosts, moving
      group edge, seen from e1, view 7.e1 for 3 min, up 2 h 10 min, version 0.1.0

      TROUBLE
      ! edge-01..edge-03: held by nobody: no host that is there may own it: all are
          draining
      ! db: cannot add 198.51.100.200/24 to eth0: ENODEV (no such interface)
      ! e3 is absent: it is down, cut off, or its agent does not run
      ! e2 is not heard on 10.2.0.2 (silent for 1 min): its heartbeats have less
          redundancy than configured

      SETS
        SET      ADDRESS             OWNER         FOR     WHY
        www      203.0.113.10/24 +1  e2            3 s     taken over: e3 is gone; le…
        dns      198.51.100.200/24   e1 (also e2)  500 ms  balanced: moved from e2; l…
      ! db       198.51.100.200/24   e1            3 min   nobody had it; least loaded
      ! edge-01  198.51.100.1/24     nobody        -       no host that is there may …
      ! edge-02  198.51.100.2/24     nobody        -       no host that is there may …
      ! edge-03  198.51.100.3/24     nobody        -       no host that is there may …

      HOSTS
        HOST  STATE   SETS  HEARD      LEADS  PATHS
        e1    member  2     this host  yes    10.1.0.1
        e2    member  2     33 ms ago         10.1.0.2, 10.2.0.2 (lost)
      ! e3    absent  0     never             10.1.0.3

      LATELY
        3 min ago  edge-03: nobody -> e3: nobody had it; least loaded
        3 min ago  view 7.e1: e1, e2, e3; e3 joined

      NOTES
        No permission for SCHED_RR

      TRY
        on this host: journalctl -u holdfast
        on e3: systemctl status holdfast
        on this host: ping 10.2.0.2"
    `);
  });

  it('says each step to try once, also where a silent host and its sets have one in common', () => {
    const www = setStatus('www', { owner: 'e2', heldBy: [], answeredBy: 'e2' });
    const members = [memberStatus('e1'), memberStatus('e2', { state: 'silent' })];
    const [, steps] = renderStatus(sampleStatus({ sets: [www], members }), plain).split('TRY\n');
    expect(steps?.split('\n')).toEqual([
      '  on e2: systemctl status holdfast',
      "  between the hosts: let the membership's UDP pass",
    ]);
  });

  it('says which sets are conflicted, also of a large pool', () => {
    const conflict = { address: '198.51.100.200', mac: '02:00:00:00:00:0b', since: secondsAgo(9) };
    const problem = 'conflict: 02:00:00:00:00:0b claims 198.51.100.200';
    const www = setStatus('www', { conflict, problem });
    const text = renderStatus(sampleStatus({ sets: [www, setStatus('dns')] }), plain);
    expect(text).toContain('DEGRADED: 2 sets, all held, 1 conflicted, 3 of 3 hosts');
    expect(text).toContain(`! www: ${problem}`);
    expect(text).toMatch(/^! www {2}198\.51\.100\.200\/24 {2}e1 \(conflicted\) {2}3 min/m);
    expect(text).toMatch(/^ {2}dns {2}198\.51\.100\.200\/24 {2}e1 {15}3 min/m);
    const large = renderStatus(sampleStatus({ sets: [www, ...pool(200)] }), plain);
    expect(large).toContain('DEGRADED: 201 sets, all held, 1 conflicted');
    const free = setStatus('www', { owner: null, here: 'failed', conflict, problem });
    expect(renderStatus(sampleStatus({ sets: [free] }), plain)).toContain('nobody (conflicted)');
  });

  it('has one line for each owner of a large pool', () => {
    const sets = pool(200).map((set, i) => ({ ...set, owner: i < 80 ? 'e1' : 'e2', heldBy: [i < 80 ? 'e1' : 'e2'] }));
    expect(renderStatus(sampleStatus({ sets, events: [] }), plain)).toMatchInlineSnapshot(`
      "OK: 200 sets, all held, 3 of 3 hosts, settled
      group edge, seen from e1, view 7.e1 for 3 min, up 2 h 10 min, version 0.1.0

      SETS
        OWNER  SETS  LAST MOVED  WHICH
        e1     80    3 min ago   edge-001..edge-080
        e2     120   3 min ago   edge-081..edge-200
        --all shows every set with its address and reason

      HOSTS
        HOST  STATE   SETS  HEARD      LEADS  PATHS
        e1    member  2     this host  yes    10.1.0.1
        e2    member  2     42 ms ago         10.1.0.2
        e3    member  2     42 ms ago         10.1.0.3"
    `);
  });

  it('shows every set up to 40, and every one of more where all is asked for', () => {
    const shown = (count: number, all: boolean): number =>
      renderStatus(sampleStatus({ sets: pool(count), events: [] }), { ...plain, all }).match(/198\.51\.100\./g)
        ?.length ?? 0;
    expect([shown(40, false), shown(41, false), shown(200, true)]).toEqual([40, 0, 200]);
  });

  it.each([20, 40, 80, 200])('never exceeds %i columns', (width) => {
    for (const status of [troubled, sampleStatus({ sets: pool(200) })]) {
      for (const line of renderStatus(status, { ...plain, width }).split('\n')) {
        expect(widthOf(line)).toBeLessThanOrEqual(width);
      }
    }
  });

  it('cuts nothing where the width is not bounded', () => {
    expect(renderStatus(troubled, { ...plain, width: Infinity })).not.toContain('…');
  });

  it('changes nothing but the colour where colours are asked for', () => {
    const coloured = renderStatus(troubled, { ...plain, colour: true });
    expect(coloured).toContain('\x1b[31mNOT COVERED');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
    expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(renderStatus(troubled, plain));
  });

  it('lets nobody steer the terminal by a reason', () => {
    const status = sampleStatus({ sets: [setStatus('www', { reason: '\x1b[2J gone' })], events: [] });
    expect(renderStatus(status, plain)).toContain('?[2J gone');
    expect(renderStatus(status, plain)).not.toContain('\x1b');
  });
});

describe('renderMembers()', () => {
  it('has a line for each path of each host', () => {
    expect(renderMembers(troubled, plain)).toMatchInlineSnapshot(`
      "2 of 3 hosts in group edge, view 7.e1 for 3 min, level 1

        HOST  STATE   SETS  ROLE                    PATH      HEARD
        e1    member  2     coordinator, this host  10.1.0.1
        e2    member  2                             10.1.0.2  33 ms ago
      !                                             10.2.0.2  1 min ago: lost
      ! e3    absent  0                             10.1.0.3  never"
    `);
  });
});

describe('renderMembers() of a group that is being upgraded', () => {
  it('says who could do more than the group does', () => {
    const members = [memberStatus('e1', { level: 2 }), memberStatus('e2', { level: 2 }), memberStatus('e3')];
    const text = renderMembers(sampleStatus({ members }), { ...plain, width: Infinity });
    expect(text).toContain('for 3 min, level 1\n');
    expect(text).toContain(
      '\n\nThe group speaks level 1; e1 could level 2, e2 could level 2: it rises when every host is upgraded',
    );
  });
});

describe('renderMoves()', () => {
  it('says what came of a command, and what moved with it', () => {
    const moves = [{ set: 'www', from: 'e1', to: 'e2', reason: 'moved here by an operator, from e1' }];
    expect(renderMoves('www is on e2.', [], plain)).toBe('www is on e2.');
    expect(renderMoves('www is on e2.', moves, plain)).toMatchInlineSnapshot(`
      "www is on e2.
      Moved 1 set.

        SET  FROM  TO  WHY
        www  e1    e2  moved here by an operator, from e1"
    `);
  });
});

describe('renderBalance()', () => {
  it('lists what moved', () => {
    const moves = [
      { set: 'edge-01', from: 'e1', to: 'e3', reason: 'balanced: moved from e1; least loaded' },
      { set: 'edge-02', from: null, to: 'e3', reason: 'nobody had it; least loaded' },
    ];
    expect(renderBalance(moves, plain)).toMatchInlineSnapshot(`
      "Moved 2 sets.

        SET      FROM    TO  WHY
        edge-01  e1      e3  balanced: moved from e1; least loaded
        edge-02  nobody  e3  nobody had it; least loaded"
    `);
  });

  it('says so where nothing had to move', () => {
    expect(renderBalance([], plain)).toBe('Nothing to move: the sets are spread as evenly as they can be.');
  });
});
