import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDemoLog } from '../../agent/cli/demo-log.ts';
import { Scenario } from '../../agent/cli/demo-scenario.ts';
import { exitCodes } from '../../agent/exit-codes.ts';
import { builtFile } from '../../agent/lab/built.ts';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { within } from '../../agent/lab/deadline.ts';
import { createLab } from '../../agent/lab/lab.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-demo-test-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('holdfast demo', () => {
  it('shows every event, ends in under 60 s, finds each set held once at every rest, leaves nothing', async () => {
    const log = join(directory, 'demo.log');
    const demo = spawn(process.execPath, [builtFile('../cli/main.js'), 'demo', '--log', log], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: directory },
    });
    let shown = '';
    for (const stream of [demo.stdout, demo.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
    const status = await within(60_000, 'the demo to end', ended).finally(() => demo.kill());
    expect(status, shown).toBe(exitCodes.ok);
    const rows = ['nothing happens', 'power of e2 cut', 'e2 returns', 'holdfast balance', 'agent of e3 stopped'];
    for (const row of [...rows, 'agent of e1 killed']) {
      expect(shown).toMatch(new RegExp(`^ {2}${row} .* once$`, 'm'));
      expect(readFileSync(log, 'utf8')).toContain(row);
    }
    expect(readdirSync(directory)).toEqual(['demo.log']);
  }, 70_000);
});

describe('Scenario.play()', () => {
  it('finds a set that two kernels have at a rest, and says which', async () => {
    const lab = await createLab({ hosts: 3 });
    let onProblem = (_: string): void => {};
    const problem = new Promise<string>((resolve) => {
      onProblem = resolve;
    });
    let planted = false;
    const plant = (): void => {
      planted = true;
      const bystander = lab.hosts.find((host) => !log.lines.some((line) => line.includes(`${host.name} has web-01`)));
      void bystander?.namespace.ip(['addr add 10.77.0.101/24 dev eth0']);
    };
    const log = openDemoLog(join(directory, 'demo.log'), monotonicMs(), (line) => {
      if (line.includes('! After')) onProblem(line);
      if (!planted && line.includes('every set is held exactly once')) plant();
    });
    const scenario = new Scenario(lab, log, monotonicMs());
    const played = scenario.play().catch(() => {}); // the lab is taken from under it
    const said = await within(40_000, 'the problem to be told', problem);
    expect(said).toMatch(/After "nothing happens": web-01 \(10\.77\.0\.101\) is held by e\d and e\d/);
    expect(scenario.exitCode()).toBe(exitCodes.uncovered);
    await lab.dispose();
    await played;
    log.close();
  }, 60_000);
});
