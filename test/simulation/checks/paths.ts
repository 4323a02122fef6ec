/** Of the detector: heard on any path is alive, so that a lost path costs no view while another lives. */
import { Breach } from '../breach.ts';
import type { Fault } from '../fault.ts';
import type { Observation } from '../observation.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

type Loss = { readonly path: number; readonly until: number };

export class Paths implements Check {
  readonly name = 'paths';
  exercised = 0;
  /** Something befell the group that may cost a view. */
  #spoiled = false;
  #losses: Loss[] = [];

  observe(observation: Observation, world: World): void {
    if (world.options.paths < 2 || this.#spoiled) return;
    if (observation.kind === 'fault') this.#befall(observation.fault, world);
    if (observation.kind !== 'installed' || this.#losses.length === 0) return;
    throw new Breach(this.name, `${observation.host} installs a view because a path is lost`);
  }

  atRest(): void {}

  #befall(fault: Fault, world: World): void {
    switch (fault.kind) {
      case 'lose-path':
        this.#lose(fault, world);
        return;
      case 'weather':
        this.#spoiled = fault.weather.loss > 0;
        return;
      case 'start':
        this.#spoiled = this.#losses.length > 0;
        return;
      case 'heal':
      case 'command':
      case 'configure':
      case 'link-down':
      case 'refuse-claims':
        return;
      default:
        this.#spoiled = true;
    }
  }

  #lose({ path, ms }: Fault & { kind: 'lose-path' }, world: World): void {
    this.#losses = this.#losses.filter(({ until }) => until > world.now - world.options.detectMs);
    // Two hosts that lose different ones share none.
    this.#spoiled = !isWhole(world) || this.#losses.some((loss) => loss.path !== path);
    this.#losses.push({ path, until: world.now + ms });
    if (!this.#spoiled) this.exercised += 1;
  }
}

/** All hosts are in one view. */
function isWhole({ options, hosts }: World): boolean {
  return [...hosts.values()].every(({ agent }) => agent?.engine?.view?.members.length === options.hosts.length);
}
