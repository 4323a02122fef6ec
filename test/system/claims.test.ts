import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { within } from '../../agent/lab/deadline.ts';
import { openCable, placed } from './kernel-host.ts';

let cable: Awaited<ReturnType<typeof openCable>>;

beforeEach(async () => {
  cable = await openCable();
});

afterEach(() => cable.close());

/** For the script to end by itself; the longest probe is longer. */
const deadlineMs = 5_000;
const address = '10.0.0.50';
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.mjs`, import.meta.url));

/** One set an address. The first is the primary of its subnet, which the host has no other address of; it goes last. */
async function claimAndReleaseAtOnce(addresses: readonly string[]): Promise<void> {
  const sets = addresses.map((each) => ({ name: each, prefer: [], addresses: [placed(each, 24)] }));
  await cable.a.run([process.execPath, fixture('claims-at-once'), JSON.stringify(sets)]);
}

/** What was said of set www, in order. */
async function interrupted(scenario: string, addresses = [placed(address, 24)]): Promise<readonly string[]> {
  const set = { name: 'www', prefer: [], addresses };
  const run = cable.a.run([process.execPath, fixture('claims-interrupted'), JSON.stringify(set), scenario]);
  return JSON.parse(await within(deadlineMs, `the end of "${scenario}"`, run));
}

const inKernel = () => cable.a.run(['ip', '-br', 'addr', 'show', 'dev', 'eth0']);

describe('Claims', () => {
  it.each([0, 1])(
    'release(): several at once leave nothing of a subnet behind, promote_secondaries = %i',
    async (promote) => {
      await cable.a.run(['sh', '-c', `echo ${promote} > /proc/sys/net/ipv4/conf/all/promote_secondaries`]);
      await claimAndReleaseAtOnce(['10.9.0.1', '10.9.0.2', '10.9.0.3']);
      expect(await inKernel()).not.toContain('10.9.0.');
    },
  );

  it.each(['end while probing', 'end while the guard is told'])(
    'releaseAll(): a claim under way adds nothing any more, and the process ends: %s',
    async (scenario) => {
      expect(await interrupted(scenario)).toEqual(['released www']);
      expect(await inKernel()).not.toContain(address);
    },
  );

  it('releaseAll(): what the kernel was asked for is taken out again, unannounced, and the process ends', async () => {
    const said = await interrupted('end while the kernel adds');
    expect(said).toEqual(['kernel adds', 'kernel removes', 'released www']);
    expect(await inKernel()).not.toContain(address);
  });

  it.each(['withdrawn while probing', 'withdrawn while the guard is told'])(
    'claim(): never in the kernel where it may not go on after a wait: %s',
    async (scenario) => {
      expect(await interrupted(scenario)).toEqual(['released www']);
    },
  );

  it('release(): what the kernel refuses is tried again, a problem meanwhile, and told when it is gone', async () => {
    const said = await interrupted('release refused');
    const why = `Cannot remove ${address}/24 from eth0: EBUSY`;
    expect(said).toEqual([
      ...['kernel adds', 'claimed www'],
      ...['kernel refuses', why, 'kernel refuses', 'kernel refuses'],
      ...['kernel removes', 'released www'],
      `problem: ${why}; it is tried again`,
    ]);
    expect(await inKernel()).not.toContain(address);
  });

  it.each([
    ['yield refused', ['www failed: a conflict']],
    ['yield refused, then released', ['released www', 'www failed: a conflict']],
  ])('yieldSet(): another host gets it when it is gone here: %s', async (scenario, told) => {
    const said = await interrupted(scenario);
    const gone = said.indexOf('kernel removes');
    expect(
      said
        .slice(gone + 1)
        .filter((line) => line.includes('www'))
        .sort(),
    ).toEqual(told);
    expect(said.slice(0, gone).filter((line) => line.includes('www'))).toEqual(['claimed www']);
  });

  it('problems(): an IPv6 address of a set that another station defended (dadfailed)', async () => {
    const duplicate = placed('fd00::2', 64); // b has it
    const set = { name: 'www', prefer: [], addresses: [duplicate] };
    const run = cable.a.run([process.execPath, fixture('claims-duplicate'), JSON.stringify(set)]);
    const { said, problem } = JSON.parse(await within(deadlineMs, 'the end of it', run));
    expect(said).toContain('fd00::2 on eth0: duplicate detection failed');
    expect(problem).toBe("another station has fd00::2 on eth0: the kernel's duplicate detection failed (dadfailed)");
    expect(await inKernel()).not.toContain('fd00::2');
  });

  it('claim(): tells the guard which addresses the host speaks from', async () => {
    const preferred = { ...placed('fd00::51', 64), preferredSource: true as const };
    const told = await interrupted('told the guard', [placed('fd00::50', 64), preferred]);
    expect(told).toEqual(['fd00::50 false', 'fd00::51 true']);
  });

  it("adopt(): the fence of the guard before goes on until the group's word", async () => {
    expect((await interrupted('adopted')).slice(0, 2)).toEqual(['fixed, runs', 'from signs, none']);
  });

  it('abandon(): what another host has by now goes all the same', async () => {
    expect(await interrupted('abandoned while retiring')).toContain('released www');
    expect(await inKernel()).not.toContain(address);
  });

  it('makePermanent(): a renewal that is under way does not undo it', async () => {
    expect(await interrupted('abandoned while renewing')).not.toContain('released www');
    expect(await cable.a.run(['ip', 'addr', 'show', 'to', address])).toContain('valid_lft forever');
  });

  it('releaseAll(): what the kernel refuses does not hold up the end for long', async () => {
    expect(await interrupted('release refused to the end')).not.toContain('released www');
    expect(await inKernel()).toContain(address);
  });

  it('puts back what went while notifications were lost: the kernel is asked for all there is (ENOBUFS)', async () => {
    const ours = ['10.0.0.50', '10.0.0.51', '10.0.0.52'];
    const sets = ours.map((each) => ({ name: each, prefer: [], addresses: [placed(each, 24)] }));
    const flood = Array.from({ length: 500 }, (_, n) => `addr add 10.8.${n >> 8}.${n & 255}/32 dev lo`);
    const batch = [...flood, ...ours.slice(1).map((each) => `addr del ${each}/24 dev eth0`), ''].join('\n');
    const run = cable.a.run([process.execPath, fixture('claims-overrun'), JSON.stringify(sets), batch]);
    const { said, there } = JSON.parse(await within(deadlineMs, 'all to be back', run));
    expect(said).toContain('resync');
    expect(said).toContain('10.0.0.51 and 1 more were removed from eth0 by something else: put back');
    expect(there).toEqual(['10.0.0.1', ...ours]);
  });
});
