/** What a simulated host sees of its world. */
import type { SetName } from '../../agent/ownership/grant.ts';
import type { Codec } from './codec.ts';
import type { Dice } from './dice.ts';
import type { Frame } from './frame.ts';
import type { Observation } from './observation.ts';

export type Surroundings = {
  readonly now: number;
  readonly dice: Dice;
  readonly codec: Codec;
  /** Networks between the hosts, numbered from 0. */
  readonly paths: number;
  at(trueTime: number, run: () => void): void;
  /** @param to null: to all */
  transmit(from: string, to: string | null, frame: Frame, path: number): void;
  /** Whether the address that must answer does, this time. */
  askWitness(from: string): boolean;
  /** Whether nothing gets there, in this direction. */
  isCut(from: string, to: string): boolean;
  /** Heard by every client of the segment. */
  announce(host: string, set: SetName, why: 'claimed' | 'again' | 'repeat'): void;
  /** Hosts that say, this time, that they have the set: asked on the segment, which carries that where only the group's frames are dropped. */
  ask(asker: string, set: SetName): readonly string[];
  observe(observation: Observation): void;
};
