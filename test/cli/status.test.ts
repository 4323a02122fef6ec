import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../agent/control/protocol.ts';
import { makeStandIn, type StandIn } from './agent-stand-in.ts';
import { type Ended, holdfast, startHoldfast, startOnTerminal } from './holdfast.ts';
import { memberStatus, sampleStatus, setStatus } from './sample-status.ts';

let agent: StandIn;

beforeEach(() => {
  agent = makeStandIn();
});

afterEach(() => agent.remove());

function status(...args: string[]): Promise<Ended> {
  return holdfast('status', '--control', agent.path, ...args);
}

/** Clears what is below the page. */
const endOfPage = '\x1b[J';

const absent: Status = sampleStatus({ members: [memberStatus('e1'), memberStatus('e2', { state: 'absent' })] });
const uncovered: Status = sampleStatus({ sets: [setStatus('www', { owner: null, reason: 'all are draining' })] });

describe('holdfast status', () => {
  it.each<[string, number, Status, RegExp]>([
    ['all is well', 0, sampleStatus(), /^OK: 6 sets, all held, 3 of 3 hosts, settled\n/],
    ['a host is absent', 1, absent, /^DEGRADED: 6 sets, all held, 1 of 2 hosts, settled\n/],
    ['nobody holds a set', 2, uncovered, /^NOT COVERED: 1 set, 1 held by nobody, 3 of 3 hosts, settled\n/],
  ])('where %s exits %i', async (_, code, given, headline) => {
    await agent.has(given);
    const ended = await status();
    expect([ended.code, ended.stderr]).toEqual([code, '']);
    expect(ended.stdout).toMatch(headline);
    const json = await status('--json');
    expect([json.code, JSON.parse(json.stdout)]).toEqual([code, given]);
  });

  it('exits 3 and says what to do where no agent runs', async () => {
    expect(await status()).toEqual({
      code: 3,
      stdout: '',
      stderr:
        `holdfast: No agent answers on ${agent.path} (ENOENT): see \`systemctl status holdfast\`, ` +
        'start it with `systemctl start holdfast`\n',
    });
  });

  it('exits 1 with what the agent says where it refuses', async () => {
    await agent.answers({ ok: false, error: 'this agent is leaving' });
    expect(await status()).toEqual({ code: 1, stdout: '', stderr: 'holdfast: this agent is leaving\n' });
  });

  it('is coloured and cut to the width of a terminal, and neither elsewhere', async () => {
    const reason = `taken over: ${'x'.repeat(100)}`;
    await agent.has(sampleStatus({ sets: [setStatus('www', { reason })] }));
    const { stdout: onTerminal } = await startOnTerminal('status', '--control', agent.path).ended;
    expect(onTerminal).toContain('\x1b[32mOK: ');
    expect(onTerminal).toMatch(/taken over: x+…\r\n/);
    const { stdout: inPipe } = await status();
    expect(inPipe).not.toContain('\x1b');
    expect(inPipe).toContain(reason);
  });
});

describe('holdfast status --watch', () => {
  it('prints a page at every interval where it is no terminal, over a restart of the agent, and ends at SIGINT', async () => {
    await agent.has(sampleStatus());
    const watching = startHoldfast('status', '--control', agent.path, '--watch', '0.1');
    expect(await watching.shows('OK: ', 2)).toMatch(/^--- \d{4}-\d\d-\d\dT[\d:.]+Z\nOK: /);
    await agent.stop();
    await watching.shows('\nno agent, retrying: No agent answers');
    await agent.has(absent);
    await watching.shows('\nDEGRADED: ');
    watching.kill('SIGINT');
    const { code, stdout, stderr } = await watching.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\x1b');
  });

  it('prints one line of JSON at every interval, and nothing else on stdout', async () => {
    await agent.has(sampleStatus());
    const watching = startHoldfast('status', '--json', '--control', agent.path, '--watch', '0.1');
    await watching.shows('\n', 2);
    await agent.has(absent);
    await watching.shows('"absent"');
    watching.kill('SIGTERM');
    const lines = (await watching.ended).stdout.trim().split('\n');
    const given = lines.map((line) => JSON.parse(line));
    expect(given[0]).toEqual(sampleStatus());
    expect(given.at(-1)).toEqual(absent);
  });

  it('redraws in place on a terminal, within its rows, and gives the cursor back at Ctrl-C', async () => {
    await agent.has(sampleStatus({ sets: Array.from({ length: 30 }, (_, i) => setStatus(`www-${i}`)) }));
    const watching = startOnTerminal('status', '--control', agent.path, '--watch', '0.1');
    const [, page = ''] = (await watching.shows(endOfPage, 2)).split(endOfPage);
    expect(page.startsWith('\x1b[H\x1b[K')).toBe(true);
    expect(page.split('\r\n').length).toBe(24); // 23 lines and the one the cursor waits on
    expect(page).toMatch(/… \d+ more lines: enlarge the terminal to see them/);
    await agent.stop();
    await watching.shows('no agent, retrying');
    watching.type('\x03');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout.startsWith('\x1b[?25l')).toBe(true);
    expect(stdout.endsWith('\x1b[?25h')).toBe(true);
  });

  it('ends with the failure where asking again cannot help', async () => {
    await agent.answers({ ok: false, error: 'this agent is too old' });
    const { code, stderr } = await startHoldfast('status', '--control', agent.path, '--watch').ended;
    expect([code, stderr]).toEqual([1, 'holdfast: this agent is too old\n']);
  });
});
