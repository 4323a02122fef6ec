/**
 * Where the peers of the file are now: names are looked up, and again and again as long as the agent runs. On the main thread, so that
 * no heartbeat waits for it.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parsePath } from '../config/address.ts';
import type { IpAddress, PeerEntry } from '../config/config.ts';
import type { Route } from '../membership/peer.ts';
import { canonicalIpAddress } from '../wire/ip-address.ts';
import type { NameService } from './names.ts';

export type PeerSearchOptions = {
  /** Of this host, in their order. */
  readonly paths: readonly IpAddress[];
  readonly port: number;
  readonly names: NameService;
  /** All of them, when they differ from those before. */
  onRoutes(routes: readonly Route[]): void;
};

/** Two of each member a group can have. */
export const peerRoutesMax = 128;

export class PeerSearch {
  readonly #options: PeerSearchOptions;
  readonly #answers = new Map<string, readonly string[]>(); // the last good one of each name in the list
  readonly #failures = new Map<string, string>();
  #peers: readonly PeerEntry[] = [];
  #told = '[]';
  #failedRounds = 0;
  #timer: NodeJS.Timeout | undefined;
  #rounds: Promise<void> = Promise.resolve();
  #telling: Promise<void> = Promise.resolve();
  readonly #end = new AbortController();

  constructor(options: PeerSearchOptions) {
    this.#options = options;
  }

  /** From now on these. Resolves when each was looked up once. */
  change(peers: readonly PeerEntry[]): Promise<void> {
    this.#peers = peers;
    this.#failedRounds = 0;
    return this.#nextRound();
  }

  /** What an operator should know, at this moment. */
  troubles(): readonly string[] {
    return [...this.#failures].map(([name, why]) => {
      const rest = this.#answers.has(name) ? 'its last addresses stay in use' : 'it has no address yet';
      return `Cannot look up peer ${name}: ${why}; ${rest}, and it is tried again`;
    });
  }

  close(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  #nextRound(): Promise<void> {
    clearTimeout(this.#timer);
    this.#rounds = this.#rounds.then(() => this.#round());
    return this.#rounds;
  }

  async #round(): Promise<void> {
    const names = this.#peers.flatMap((peer) => (peer.kind === 'name' ? [peer.name] : []));
    for (const known of [this.#answers, this.#failures]) {
      for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    }
    await this.#tell();
    await Promise.all(names.map((name) => this.#lookUp(name)));
    if (names.length > 0) this.#arm();
  }

  async #lookUp(name: string): Promise<void> {
    const { names } = this.#options;
    try {
      const addresses = await names.lookUp(name, this.#end.signal);
      this.#answers.set(name, addresses.slice(0, peerRoutesMax));
      this.#failures.delete(name);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      this.#failures.set(name, code);
    }
    await this.#tell();
  }

  #arm(): void {
    if (this.#end.signal.aborted) return;
    const { againMs, retryMs } = this.#options.names;
    this.#failedRounds = this.#failures.size === 0 ? 0 : this.#failedRounds + 1;
    const waitMs = this.#failedRounds === 0 ? againMs : Math.min(againMs, retryMs * 2 ** (this.#failedRounds - 1));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#nextRound(), waitMs).unref(); // it keeps no process alive
  }

  /** One after the other: what is told last is the newest. */
  #tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tellNow());
    return this.#telling;
  }

  async #tellNow(): Promise<void> {
    const routes = await this.#routes();
    const text = JSON.stringify(routes);
    if (this.#end.signal.aborted || text === this.#told) return;
    this.#told = text;
    this.#options.onRoutes(routes);
  }

  /** Sorted, so that servers which answer in turns change nothing. */
  async #routes(): Promise<readonly Route[]> {
    const { paths, port } = this.#options;
    const own = new Set<string>([...paths, ...hostAddresses()]);
    const found = this.#peers.flatMap((peer) =>
      peer.kind === 'address' ? [peer.address] : (this.#answers.get(peer.name) ?? []),
    );
    const addresses = [...new Set(found.map((address) => canonicalIpAddress(address) ?? ''))]
      .filter((address) => !own.has(address) && isReachable(address, paths))
      .sort()
      .slice(0, peerRoutesMax);
    const routes: Route[] = [];
    for (const address of addresses) routes.push({ path: await pathTo(address, paths, port), address });
    return routes;
  }
}

function hostAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.map(({ address }) => canonicalIpAddress(address) ?? address);
}

/** Of the IP version of a path, and one that a host can have; loopback from loopback alone (/etc/hosts may have it for a host's own name). */
function isReachable(address: string, paths: readonly IpAddress[]): boolean {
  const alike = paths.filter((path) => isIPv6(path) === isIPv6(address));
  if (address === '' || alike.length === 0) return false;
  const isLoopback = (text: string): boolean => text.startsWith('127.') || text === '::1';
  return isLoopback(address) ? alike.some(isLoopback) : parsePath(address).kind === 'value';
}

/** The path whose address the kernel would send from: on another its network may drop what we send. The first that fits where it is none. */
async function pathTo(address: string, paths: readonly IpAddress[], port: number): Promise<number> {
  const [first = 0, ...others] = [...paths.keys()].filter((path) => isIPv6(paths[path] ?? '') === isIPv6(address));
  if (others.length === 0) return first;
  const own: readonly string[] = paths;
  const path = own.indexOf((await sourceTo(address, port)) ?? '');
  return path === -1 ? first : path;
}

/** Nothing is sent. null: there is no route. */
function sourceTo(address: string, port: number): Promise<string | null> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const end = (source: string | null): void => {
      socket.close();
      resolve(source);
    };
    socket.once('error', () => end(null));
    socket.once('connect', () => end(socket.address().address));
    socket.connect(port, address);
  });
}
