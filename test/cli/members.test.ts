import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeStandIn, type StandIn } from './agent-stand-in.ts';
import { holdfast } from './holdfast.ts';
import { memberStatus, sampleStatus } from './sample-status.ts';

let agent: StandIn;

beforeEach(() => {
  agent = makeStandIn();
});

afterEach(() => agent.remove());

describe('holdfast members', () => {
  it('exits 0 where every host is a member', async () => {
    await agent.has(sampleStatus());
    const { code, stdout } = await holdfast('members', '--control', agent.path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 of 3 hosts in group edge/);
  });

  it('exits 1 where one is not, and gives them as JSON', async () => {
    const given = sampleStatus({ members: [memberStatus('e1'), memberStatus('e2', { state: 'silent' })] });
    await agent.has(given);
    const { code, stdout } = await holdfast('members', '--json', '--control', agent.path);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ group: 'edge', host: 'e1', view: given.view, members: given.members });
  });

  it('exits 3 where no agent runs', async () => {
    expect((await holdfast('members', '--control', agent.path)).code).toBe(3);
  });
});

describe('holdfast balance', () => {
  const moves = [{ set: 'edge-01', from: 'e1', to: 'e3', reason: 'balanced: moved from e1; least loaded' }];

  it('exits 0 and lists what moved', async () => {
    await agent.answers({ ok: true, kind: 'balance', moves });
    const { code, stdout } = await holdfast('balance', '--control', agent.path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Moved 1 set\.\n[\s\S]*edge-01 {2}e1 {4}e3 {2}balanced/);
    const json = await holdfast('balance', '--json', '--control', agent.path);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([0, { moves }]);
  });

  it('exits 1 and says what hinders it', async () => {
    await agent.answers({ ok: false, error: 'balance is off in the configuration' });
    expect(await holdfast('balance', '--control', agent.path)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'holdfast: balance is off in the configuration\n',
    });
  });

  it('exits 3 where no agent runs', async () => {
    expect((await holdfast('balance', '--control', agent.path)).code).toBe(3);
  });
});
