import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NameService } from '../../agent/channel/names.ts';
import { PeerSearch, peerRoutesMax } from '../../agent/channel/peer-search.ts';
import type { IpAddress, PeerEntry } from '../../agent/config/config.ts';
import type { Route } from '../../agent/membership/peer.ts';

/** A name server that a test changes; what it has no answer for it refuses. */
class Names implements NameService {
  readonly answers = new Map<string, readonly string[]>();
  readonly asked: string[] = [];
  readonly againMs = 20;
  readonly retryMs = 5;

  async lookUp(name: string): Promise<readonly string[]> {
    this.asked.push(name);
    const answer = this.answers.get(name);
    if (answer === undefined) throw Object.assign(new Error(`queryA ${name}`), { code: 'ENOTFOUND' });
    return answer;
  }
}

type Search = { readonly search: PeerSearch; readonly names: Names; readonly told: (readonly Route[])[] };

let searches: PeerSearch[] = [];

afterEach(() => {
  for (const search of searches) search.close();
  searches = [];
});

function searchFrom(...paths: readonly string[]): Search {
  const names = new Names();
  const told: (readonly Route[])[] = [];
  const search = new PeerSearch({
    paths: paths as readonly IpAddress[], // canonical
    port: 46150,
    names,
    onRoutes: (routes) => told.push(routes),
  });
  searches.push(search);
  return { search, names, told };
}

function entries(...texts: readonly string[]): readonly PeerEntry[] {
  return texts.map((text) =>
    /[.:]\d+$/.test(text) ? { kind: 'address', address: text as IpAddress } : { kind: 'name', name: text },
  );
}

function addressesOf(routes: readonly Route[] | undefined): readonly string[] {
  return (routes ?? []).map(({ address }) => address);
}

describe('PeerSearch', () => {
  it('tells every address of both IP versions once, sorted, with its path', async () => {
    const { search, names, told } = searchFrom('192.0.2.1', '2001:db8::1');
    names.answers.set('edge.test', ['192.0.2.9', '2001:DB8:0::9', '192.0.2.7']);
    names.answers.set('again.test', ['192.0.2.9']);
    await search.change(entries('edge.test', '192.0.2.8', 'again.test'));
    expect(told.at(-1)).toEqual([
      { path: 0, address: '192.0.2.7' },
      { path: 0, address: '192.0.2.8' },
      { path: 0, address: '192.0.2.9' },
      { path: 1, address: '2001:db8::9' },
    ]);
    expect(search.troubles()).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ["this host's own, of a path or not", ['192.0.2.1', '127.0.0.1', '192.0.2.7'], ['192.0.2.7']],
    ['of an IP version that no path has', ['2001:db8::9', '192.0.2.7'], ['192.0.2.7']],
    ['loopback, where no path is', ['127.0.1.1', '192.0.2.7'], ['192.0.2.7']],
    ['what no host can have', ['0.0.0.0', '224.0.0.1', '255.255.255.255', 'nonsense', '192.0.2.7'], ['192.0.2.7']],
  ])('leaves out addresses: %s', async (_, answer, left) => {
    const { search, names, told } = searchFrom('192.0.2.1');
    names.answers.set('edge.test', answer);
    await search.change(entries('edge.test'));
    expect(addressesOf(told.at(-1))).toEqual(left);
  });

  it('takes the path that the kernel would send from', async () => {
    const { search, told } = searchFrom('192.0.2.1', '127.0.0.1');
    await search.change(entries('127.0.1.7'));
    expect(told).toEqual([[{ path: 1, address: '127.0.1.7' }]]);
  });

  it(`tells at most ${peerRoutesMax} addresses`, async () => {
    const { search, names, told } = searchFrom('10.0.0.1');
    const many = Array.from({ length: 1_000 }, (_, at) => `10.9.${at >> 8}.${at & 255}`);
    for (const name of ['a.test', 'b.test']) names.answers.set(name, name === 'a.test' ? many : many.toReversed());
    await search.change(entries('a.test', 'b.test'));
    expect(told.at(-1)?.length).toBe(peerRoutesMax);
  });

  it('looks up again, tells what changed, and is silent where only the order did', async () => {
    const { search, names, told } = searchFrom('192.0.2.1');
    names.answers.set('edge.test', ['192.0.2.7', '192.0.2.8']);
    await search.change(entries('edge.test'));
    names.answers.set('edge.test', ['192.0.2.8', '192.0.2.7']);
    const asked = names.asked.length;
    await vi.waitUntil(() => names.asked.length > asked + 1);
    names.answers.set('edge.test', ['192.0.2.9']);
    await vi.waitUntil(() => told.length > 1);
    expect(told.map(addressesOf)).toEqual([['192.0.2.7', '192.0.2.8'], ['192.0.2.9']]);
  });

  it('keeps the last good answer while a look-up fails, says so, and tries for ever', async () => {
    const { search, names, told } = searchFrom('192.0.2.1');
    names.answers.set('edge.test', ['192.0.2.7']);
    await search.change(entries('edge.test', 'new.test'));
    names.answers.delete('edge.test');
    await vi.waitUntil(() => search.troubles().length === 2);
    expect(search.troubles()).toEqual([
      'Cannot look up peer new.test: ENOTFOUND; it has no address yet, and it is tried again',
      'Cannot look up peer edge.test: ENOTFOUND; its last addresses stay in use, and it is tried again',
    ]);
    expect(told.map(addressesOf)).toEqual([['192.0.2.7']]);
    names.answers.set('edge.test', ['192.0.2.7']).set('new.test', ['192.0.2.8']);
    await vi.waitUntil(() => told.length === 2);
    await vi.waitUntil(() => search.troubles().length === 0);
    expect(told.map(addressesOf)).toEqual([['192.0.2.7'], ['192.0.2.7', '192.0.2.8']]);
  });

  it('change(): other names, and nothing of the former', async () => {
    const { search, names, told } = searchFrom('192.0.2.1');
    names.answers.set('edge.test', ['192.0.2.7']);
    await search.change(entries('edge.test', 'gone.test'));
    await search.change(entries('192.0.2.8'));
    expect(addressesOf(told.at(-1))).toEqual(['192.0.2.8']);
    expect(search.troubles()).toEqual([]);
    await search.change([]);
    expect(told.at(-1)).toEqual([]);
  });

  it('one name that is never answered hinders neither the addresses nor what was found before', async () => {
    const { search, names, told } = searchFrom('192.0.2.1');
    names.answers.set('edge.test', ['192.0.2.7']);
    names.lookUp = (name) => (name === 'hangs.test' ? new Promise(() => {}) : Names.prototype.lookUp.call(names, name));
    void search.change(entries('edge.test', 'hangs.test', '192.0.2.8'));
    await vi.waitUntil(() => told.length === 2);
    expect(told.map(addressesOf)).toEqual([['192.0.2.8'], ['192.0.2.7', '192.0.2.8']]);
  });

  it('close(): nothing more is told', async () => {
    const { search, names, told } = searchFrom('192.0.2.1');
    const looked = search.change(entries('edge.test'));
    names.answers.set('edge.test', ['192.0.2.7']);
    search.close();
    await looked;
    expect(told).toEqual([]);
  });
});
