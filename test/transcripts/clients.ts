/** What clients of the segment get: they send to whoever announced last, whichever side of a cut that is on. */
import type { World } from '../simulation/world.ts';

export class Clients {
  /** Of any set: how long it was not answered in one go, and how long two hosts had it, at the most. */
  longestSilenceMs = 0;
  longestTwiceMs = 0;
  readonly #world: World;
  readonly #told = new Map<string, string>();
  readonly #silentSince = new Map<string, number>();
  readonly #twiceSince = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What is said is said anew. */
  forget(): void {
    this.#told.clear();
  }

  /** Of sets for which it changed. */
  look(): readonly string[] {
    const lines: string[] = [];
    for (const { name } of this.#world.options.pool.sets) {
      const at = this.#world.neighbours.get(name);
      const holders = [...this.#world.hosts.values()].filter((host) => host.has(name)).map((host) => host.name);
      const answered = at !== undefined && this.#world.host(at).answers(name);
      const also = holders.filter((host) => host !== at);
      const line = `${name}: ${answered ? `answered by ${at}` : 'no answer'}${also.length > 0 ? `; ${also.join(' and ')} ${answered ? 'also has it' : 'has it'}` : ''}`;
      if (at !== undefined) {
        this.longestSilenceMs = Math.max(this.longestSilenceMs, this.#since(this.#silentSince, name, !answered));
        this.longestTwiceMs = Math.max(this.longestTwiceMs, this.#since(this.#twiceSince, name, holders.length > 1));
      }
      if (this.#told.get(name) === line) continue;
      this.#told.set(name, line);
      lines.push(line);
    }
    return lines;
  }

  #since(since: Map<string, number>, set: string, holds: boolean): number {
    const from = since.get(set) ?? this.#world.now;
    if (holds) since.set(set, from);
    else since.delete(set);
    return this.#world.now - from;
  }
}
