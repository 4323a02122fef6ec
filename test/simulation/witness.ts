/** Asks the address that must answer, as agent/witness-watch.ts does: a round is three frames, the next where one has no answer. */
import { noWitnessYet, tallied, witnessPeriodMs, witnessRoundMs } from '../../agent/ownership/witness-tally.ts';
import type { Agent } from './agent.ts';

const framesOfRound = 3;

export class Witness {
  readonly #agent: Agent;
  readonly #roundMs: number;
  #tally = noWitnessYet;
  /** Numbers the rounds: a timer of one that is over does nothing. */
  #round = 0;
  #waits = false;

  constructor(agent: Agent, detectMs: number) {
    this.#agent = agent;
    this.#roundMs = witnessRoundMs(detectMs);
  }

  start(): void {
    this.#round += 1;
    this.#waits = false;
    this.#ask(this.#agent.host.localNow, 0);
  }

  /** Its host is alone now. */
  hurry(): void {
    if (this.#waits && this.#tally.word !== 'silent') this.start();
  }

  #ask(begun: number, frame: number): void {
    const { host } = this.#agent;
    const answered = host.world.askWitness(host.name);
    host.world.observe({ kind: 'witness-asked', host: host.name, answered });
    if (answered) this.#end(begun, true);
    else {
      this.#after(begun + ((frame + 1) * this.#roundMs) / framesOfRound, () => {
        if (frame + 1 < framesOfRound) this.#ask(begun, frame + 1);
        else this.#end(begun, false);
      });
    }
  }

  #end(begun: number, answered: boolean): void {
    const { word } = this.#tally;
    this.#tally = tallied(this.#tally, answered);
    this.#waits = true;
    this.#after(begun + witnessPeriodMs(this.#tally, this.#roundMs), () => this.start());
    if (this.#tally.word !== word) this.#agent.occur({ kind: 'witness', word: this.#tally.word });
  }

  #after(dueLocal: number, run: () => void): void {
    const round = this.#round;
    this.#agent.host.timer(dueLocal, () => {
      if (this.#agent.running && this.#round === round) run();
    });
  }
}
