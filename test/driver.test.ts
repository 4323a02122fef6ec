import { describe, expect, it } from 'vitest';
import { OwnershipDriver } from '../agent/driver.ts';
import { type HostName, memberId, type View, type ViewId } from '../agent/membership/view.ts';
import { noMemory } from '../agent/ownership/freeze.ts';
import type { Message } from '../agent/ownership/message.ts';
import { poolOf } from './ownership/group.ts';

const self = memberId('e1' as HostName, '0'.repeat(32));
const id: ViewId = { counter: 1, leader: self };
const view: View = { id, level: 1, members: [self], together: [self] };

/** A member that is alone, and what its driver did in what order. */
function alone(): { readonly driver: OwnershipDriver; readonly did: string[]; readonly decision: Message } {
  const did: string[] = [];
  const sent: Message[] = [];
  const note = (what: string) => () => void did.push(what);
  const driver = new OwnershipDriver(
    { self, pool: poolOf('ab'), matureMs: 0, adopted: [], memory: noMemory },
    {
      send: (messages) => {
        sent.push(...messages);
        did.push(messages.map(({ kind }) => kind).join('+'));
      },
      claim: note('claim'),
      release: note('release'),
      retire: note('retire'),
      announce: note('announce'),
      hush: note('hush'),
      moved: note('moved'),
      done: note('done'),
      refused: note('refused'),
      remember: note('remember'),
      left: note('left'),
    },
  );
  driver.onStep = note('told');
  driver.onDecided = note('decided');
  driver.dispatch({ kind: 'view', view });
  expect(did).toEqual(['report+report+decision', 'told']); // together, before what does not hurry
  const decision = sent.find(({ kind }) => kind === 'decision');
  if (decision === undefined) throw new Error(`it decides at once, and did ${did.join(' ')}`);
  did.length = 0;
  return { driver, did, decision };
}

describe('OwnershipDriver', () => {
  it('dispatch(): what hurries is carried out at once, what follows for the group and the log after that turn of the loop', async () => {
    const { driver, did, decision } = alone();
    driver.dispatch({ kind: 'message', sender: self, message: decision });
    expect(did).toEqual(['claim']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(did).toEqual(['claim', 'moved', 'told']);
    driver.stop();
  });

  it('onDecided: when what is to be claimed is there; at once where nothing is', () => {
    const { driver, did, decision } = alone();
    driver.dispatch({ kind: 'message', sender: self, message: decision });
    expect(did).not.toContain('decided');
    driver.dispatch({ kind: 'claimed', sets: [...driver.state.holdings.keys()] });
    expect(did.filter((what) => what === 'decided')).toHaveLength(1);
    driver.dispatch({ kind: 'message', sender: self, message: decision });
    expect(did.filter((what) => what === 'decided')).toHaveLength(2);
    driver.stop();
  });

  it('dispatch(): a step is finished before the next event', async () => {
    const { driver, did, decision } = alone();
    driver.dispatch({ kind: 'message', sender: self, message: decision });
    driver.dispatch({ kind: 'claimed', sets: [...driver.state.holdings.keys()] });
    expect(did).toEqual(['claim', 'moved', 'decided', 'claimed', 'told']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(did).toEqual(['claim', 'moved', 'decided', 'claimed', 'told']);
    driver.stop();
  });
});
