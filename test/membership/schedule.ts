/** Random schedules: some seconds of faults, then calm, then everybody has to be in one view. One seed, one schedule. */
import { type Network, Network as SimulatedNetwork } from './network.ts';

/** What a schedule draws from. */
export type Trouble = {
  readonly hosts: number;
  readonly faultsMs: number;
  readonly loss: number;
  readonly sends: number;
};

export const rough: Trouble = { hosts: 4, faultsMs: 3000, loss: 0.1, sends: 40 };

/** Two patiences for the last suspicion to end, one start-up wait and some rounds with retries. */
export const settleWithinMs = 1500;

export function runSchedule(seed: number, trouble: Trouble): Network {
  const hosts = Array.from({ length: trouble.hosts }, (_, index) => `h${index}`);
  const network = new SimulatedNetwork({ seed, hosts, levels: { h1: 2, h3: 2 } });
  network.weather = {
    loss: trouble.loss * 0.001 * network.random(1000),
    duplication: 0.05,
    delayMsMin: 0.1,
    delayMsMax: 0.2 + network.random(20),
  };
  for (const host of hosts) network.at(network.random(400), () => network.start(host));
  for (let at = 400; at < trouble.faultsMs; at += 50 + network.random(300)) {
    network.at(at, () => fault(network, hosts));
  }
  for (let index = 0; index < trouble.sends; index += 1) {
    network.at(network.random(trouble.faultsMs), () => {
      const host = pick(network, network.runningHosts());
      if (host === undefined || network.isPaused(host)) return;
      const bytes = network.chance(0.1) ? 5000 : 20;
      network.send(host, network.observer.payload(network.memberOf(host), bytes));
    });
  }
  network.runFor(trouble.faultsMs);
  calmDown(network);
  return network;
}

export function calmDown(network: Network): void {
  network.heal();
  network.weather = { loss: 0, duplication: 0, delayMsMin: 0.1, delayMsMax: 0.3 };
  for (const host of network.hosts) network.resume(host);
}

function fault(network: Network, hosts: readonly string[]): void {
  const host = pick(network, hosts) ?? '';
  const other = pick(network, hosts) ?? '';
  const running = network.runningHosts().includes(host);
  switch (network.random(9)) {
    case 0:
      if (running) network.crash(host);
      break;
    case 1:
      if (running) network.leave(host);
      break;
    case 2:
      network.pause(host);
      break;
    case 3:
      network.resume(host);
      break;
    case 4:
      network.cut(host, other);
      break;
    case 5: {
      const split = 1 + network.random(hosts.length - 1);
      const shuffled = [...hosts].sort(() => network.random(3) - 1);
      network.partition(shuffled.slice(0, split), shuffled.slice(split));
      break;
    }
    case 6:
      network.heal();
      break;
    default:
      if (!running) network.start(host);
  }
}

function pick<T>(network: Network, list: readonly T[]): T | undefined {
  return list[network.random(Math.max(1, list.length))];
}
