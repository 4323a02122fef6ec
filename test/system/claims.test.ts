import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCable, placed } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;

beforeEach(async () => {
  cable = await openCable();
});

afterEach(() => cable.close());

const script = fileURLToPath(new URL('fixtures/claims-at-once.mjs', import.meta.url));

/** One set an address. The first is the primary of its subnet, which the host has no other address of; it goes last. */
async function claimAndReleaseAtOnce(addresses: readonly string[]): Promise<void> {
  const sets = addresses.map((address) => ({ name: address, prefer: [], addresses: [placed(address, 24)] }));
  await cable.a.run([process.execPath, script, JSON.stringify(sets)]);
}

describe('Claims', () => {
  it.each([0, 1])(
    'release(): several at once leave nothing of a subnet behind, promote_secondaries = %i',
    async (promote) => {
      await cable.a.run(['sh', '-c', `echo ${promote} > /proc/sys/net/ipv4/conf/all/promote_secondaries`]);
      await claimAndReleaseAtOnce(['10.9.0.1', '10.9.0.2', '10.9.0.3']);
      expect(await cable.a.run(['ip', '-br', 'addr', 'show', 'dev', 'eth0'])).not.toContain('10.9.0.');
    },
  );
});
