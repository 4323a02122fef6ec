/** What may befall a simulated group. Each is whole in itself, so that any of them can be left out of a story. */
import type { Command } from '../../agent/ownership/command.ts';
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Pool } from '../../agent/ownership/pool.ts';
import type { Weather } from './weather.ts';

export type Fault =
  | { readonly kind: 'start'; readonly host: string }
  /** The machine is dead at once, its kernel with it. */
  | { readonly kind: 'power-off'; readonly host: string }
  /** Only the agent is dead. Its guard keeps its addresses until others have them; without one their lifetime ends. */
  | { readonly kind: 'kill'; readonly host: string; readonly guard: 'lives' | 'dead' }
  /** The thread of its engine dies; the agent is there, and is killed and started anew after `ms`. */
  | { readonly kind: 'lose-engine'; readonly host: string; readonly ms: number }
  | { readonly kind: 'leave'; readonly host: string }
  /** `stands`: the whole machine, its clock as well, as a paused virtual machine. `runs`: the process, by SIGSTOP. */
  | { readonly kind: 'pause'; readonly host: string; readonly clock: 'runs' | 'stands'; readonly ms: number }
  /** One direction. */
  | { readonly kind: 'cut'; readonly from: string; readonly to: string }
  /** Heartbeats and all else of the group, from and to the host: its addresses answer as before. Until all heals. */
  | { readonly kind: 'block'; readonly host: string }
  /** Of the group's frames alone, in one direction: addresses answer as before. Until all heals. */
  | { readonly kind: 'filter'; readonly from: string; readonly to: string }
  | { readonly kind: 'split'; readonly sides: readonly (readonly string[])[] }
  | { readonly kind: 'heal' }
  | { readonly kind: 'weather'; readonly weather: Weather }
  /** One of several networks does not carry what this host sends and gets. */
  | { readonly kind: 'lose-path'; readonly host: string; readonly path: number; readonly ms: number }
  /** Its file is changed, and read anew by an agent that runs. */
  | { readonly kind: 'configure'; readonly host: string; readonly pool: Pool }
  /** The address that must answer does not answer this host. */
  | { readonly kind: 'lose-witness'; readonly host: string; readonly ms: number }
  | { readonly kind: 'link-down'; readonly host: string; readonly ms: number }
  /** The kernel refuses to add the addresses of the set. */
  | { readonly kind: 'refuse-claims'; readonly host: string; readonly set: SetName; readonly ms: number }
  | { readonly kind: 'command'; readonly host: string; readonly command: Command };

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'start':
      return `${fault.host} is started`;
    case 'power-off':
      return `${fault.host} loses its power`;
    case 'kill':
      return `the agent of ${fault.host} is killed${fault.guard === 'dead' ? ', and its guard' : ''}`;
    case 'lose-engine':
      return `the engine of ${fault.host} dies; its agent is started anew after ${fault.ms} ms`;
    case 'leave':
      return `the agent of ${fault.host} is asked to stop`;
    case 'pause':
      return fault.clock === 'runs'
        ? `the agent of ${fault.host} is stopped for ${fault.ms} ms`
        : `the machine ${fault.host} is paused for ${fault.ms} ms, its clock as well`;
    case 'cut':
      return `nothing gets from ${fault.from} to ${fault.to}`;
    case 'block':
      return `a filter blocks all frames of the group at ${fault.host}`;
    case 'filter':
      return `a filter drops the group's frames from ${fault.from} to ${fault.to}`;
    case 'split':
      return `the network splits: ${fault.sides.map((side) => side.join(' ')).join(' | ')}`;
    case 'heal':
      return 'all cuts heal';
    case 'weather': {
      const { loss, duplication, delayMsMin, delayMsMax } = fault.weather;
      return `frames take ${delayMsMin}-${delayMsMax} ms, ${percent(loss)} lost, ${percent(duplication)} twice`;
    }
    case 'lose-path':
      return `path ${fault.path} of ${fault.host} is down for ${fault.ms} ms`;
    case 'configure':
      return `${fault.host} reads the file ${fault.pool.version}`;
    case 'lose-witness':
      return `the witness does not answer ${fault.host} for ${fault.ms} ms`;
    case 'link-down':
      return `the link of ${fault.host} is down for ${fault.ms} ms`;
    case 'refuse-claims':
      return `the kernel of ${fault.host} refuses ${fault.set} for ${fault.ms} ms`;
    case 'command':
      return `an operator on ${fault.host} asks: ${Object.values(fault.command).join(' ')}`;
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
