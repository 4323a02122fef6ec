import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../../agent/lab/clock.ts';
import { createLab, type Lab } from '../../agent/lab/lab.ts';
import { startTcpAnswerer, startTcpProbing } from '../../agent/lab/tcp-probing.ts';

// It is the measuring that is tested here, not its precision: this much is allowed for a busy machine.
const toleranceMs = 100;
const plantedMs = 400;
/** A lost segment is sent again after 200 ms, then after twice that: what was cut off is heard of at most so much later. */
const retransmissionMsMax = 900;
const address = '10.77.0.51';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  await lab.host('e1').namespace.ip([`addr add ${address}/24 dev eth0`]);
  await Promise.all(lab.hosts.map((host) => startTcpAnswerer(host.namespace)));
});

afterAll(async () => lab.dispose());

describe('startTcpProbing()', () => {
  it('measures a cut of known length by new connections, and by a kept one that outlives it', async () => {
    const probing = await startTcpProbing(lab.client.namespace, address);
    probing.begin();
    const beforeMs = monotonicMs();
    const unblock = await lab.block(lab.host('e1'), lab.client);
    const causedMs = monotonicMs();
    await pause(plantedMs);
    const endingMs = monotonicMs();
    await unblock();
    const mostMs = monotonicMs() - beforeMs;
    await pause(retransmissionMsMax);
    const { connections, requests, broken } = await probing.end();
    expect(connections.longestSilenceMs).toBeGreaterThan(endingMs - causedMs - toleranceMs);
    expect(connections.longestSilenceMs).toBeLessThan(mostMs + toleranceMs);
    expect(connections.sent).toBeGreaterThan(connections.lost);
    expect(requests.longestSilenceMs).toBeGreaterThan(endingMs - causedMs - toleranceMs);
    expect(requests.longestSilenceMs).toBeLessThan(mostMs + retransmissionMsMax);
    expect(broken).toBe(0);
  });

  it('tells that a kept connection broke where another host takes the address, and goes on with a new one', async () => {
    const probing = await startTcpProbing(lab.client.namespace, address);
    probing.begin();
    await lab.host('e1').namespace.ip([`addr del ${address}/24 dev eth0`]);
    await lab.host('e2').namespace.ip([`addr add ${address}/24 dev eth0`]);
    const mac = lab.host('e2').wiring.mac;
    await lab.client.namespace.ip([`neigh replace ${address} lladdr ${mac} dev eth0`]);
    await pause(plantedMs);
    const { requests, broken } = await probing.end();
    expect(broken).toBe(1);
    expect(requests.lost).toBeGreaterThan(0);
    expect(requests.lost).toBeLessThan(requests.sent);
  });

  it('loses nothing where nothing happens', async () => {
    await lab.client.namespace.ip([`neigh flush to ${address} dev eth0`]);
    const probing = await startTcpProbing(lab.client.namespace, address);
    probing.begin();
    await pause(plantedMs);
    const { connections, requests, broken } = await probing.end();
    expect({ broken, lost: connections.lost + requests.lost }).toEqual({ broken: 0, lost: 0 });
    expect(Math.min(connections.sent, requests.sent)).toBeGreaterThan(5);
  });
});
