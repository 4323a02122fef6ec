import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { within } from '../../agent/lab/deadline.ts';
import { createLab, type Lab, type LabHost, type LabNode } from '../../agent/lab/lab.ts';

let lab: Lab;
let e1: LabHost;
let e2: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: 2 });
  e1 = lab.host('e1');
  e2 = lab.host('e2');
});

afterAll(async () => lab.dispose());

/** Whether a kernel with that address answers within a second: by refusing a connection to a port nobody listens on. */
async function answers(from: LabNode, address: string): Promise<boolean> {
  const result = await from.namespace.attempt(['timeout', '1', 'bash', '-c', `: < /dev/tcp/${address}/9`]);
  return result.stderr.includes('refused');
}

/** After an outage a kernel asks for the MAC again only once a second. */
async function answering(from: LabNode, address: string): Promise<void> {
  await expect.poll(() => answers(from, address), { timeout: 8_000 }).toBe(true);
}

/** One UDP datagram, to whomever. */
async function sendDatagram(from: LabNode, address: string, port: number): Promise<void> {
  const program = `const s = require('dgram').createSocket('udp4'); s.send('x', ${port}, '${address}', () => s.close())`;
  await from.namespace.run([process.execPath, '-e', program]);
}

describe('createLab()', () => {
  it('connects every host and the client by IPv4 and IPv6', async () => {
    const reached = await Promise.all([
      answers(lab.client, '10.77.0.1'),
      answers(lab.client, 'fd77::2'),
      answers(e1, '10.77.0.2'),
      answers(e2, 'fd77::1'),
    ]);
    expect(reached).toEqual([true, true, true, true]);
  });

  it('floods multicast to every port', async () => {
    const file = join(lab.directory, 'multicast.pcap');
    const capture = await lab.capture(e2, 'dst 239.77.0.1', file);
    await e1.namespace.ip(['route add 224.0.0.0/4 dev eth0']);
    await sendDatagram(e1, '239.77.0.1', 4809);
    await capture.stop();
    expect(execFileSync('tcpdump', ['-n', '-r', file], { encoding: 'utf8' })).toContain('239.77.0.1.4809');
  });

  it('leaves the namespace of this process alone', () => {
    const ports = readdirSync('/sys/class/net').filter((name) => /^(p\d+|br0)$/.test(name));
    expect(ports).toEqual([]);
  });
});

describe('Lab.addresses()', () => {
  it('gives what was added, without the own addresses of the host', async () => {
    expect(await lab.addresses(e1)).toEqual([]);
    await e1.namespace.ip([
      'addr add 10.77.0.51/24 dev eth0 valid_lft 60 preferred_lft 60',
      'addr add fd77::51/64 dev eth0',
    ]);
    expect(await lab.addresses(e1)).toEqual([
      { interface: 'eth0', address: '10.77.0.51', prefixLength: 24, scope: 'global', validSeconds: 60 },
      { interface: 'eth0', address: 'fd77::51', prefixLength: 64, scope: 'global', validSeconds: 'forever' },
    ]);
    await e1.namespace.ip(['addr del 10.77.0.51/24 dev eth0', 'addr del fd77::51/64 dev eth0']);
  });
});

describe('Lab.block()', () => {
  it('cuts one way only, and ends', async () => {
    const unblock = await lab.block(e1, e2);
    const listener = await lab.capture(e1, 'tcp', join(lab.directory, 'one-way.pcap'));
    expect(await answers(e2, '10.77.0.1')).toBe(false);
    await listener.stop();
    expect(execFileSync('tcpdump', ['-n', '-r', listener.file], { encoding: 'utf8' })).toContain('> 10.77.0.1.9');
    expect(await answers(lab.client, '10.77.0.2')).toBe(true);
    await unblock();
    await answering(e2, '10.77.0.1');
  });

  it('cuts one UDP port alone', async () => {
    const file = join(lab.directory, 'udp.pcap');
    await lab.block(e1, 'any', { udpPort: 4807 });
    const capture = await lab.capture(e2, 'udp', file);
    await sendDatagram(e1, '10.77.0.2', 4807);
    await sendDatagram(e1, '10.77.0.2', 4808);
    await capture.stop();
    await lab.unblockAll();
    const seen = execFileSync('tcpdump', ['-n', '-r', file], { encoding: 'utf8' });
    expect(seen).toContain('10.77.0.2.4808');
    expect(seen).not.toContain('10.77.0.2.4807');
  });

  it('cuts all that are asked for at once', async () => {
    const file = join(lab.directory, 'at-once.pcap');
    const ports = [4811, 4812, 4813, 4814, 4815, 4816, 4817, 4818];
    await Promise.all(ports.map((udpPort) => lab.block(e1, e2, { udpPort })));
    const capture = await lab.capture(e2, 'udp', file);
    await Promise.all([...ports, 4819].map((port) => sendDatagram(e1, '10.77.0.2', port)));
    await capture.stop();
    await lab.unblockAll();
    const seen = execFileSync('tcpdump', ['-n', '-r', file], { encoding: 'utf8' });
    expect([...seen.matchAll(/> 10\.77\.0\.2\.(\d+):/g)].map(([, port]) => Number(port))).toEqual([4819]);
  });
});

describe('Lab.unplug()', () => {
  it('takes the carrier of the host and plug() gives it back', async () => {
    const carrier = async (): Promise<string> => e1.namespace.run(['ip', '-br', 'link', 'show', 'eth0']);
    await lab.unplug(e1);
    expect(await carrier()).toContain('NO-CARRIER');
    expect(await answers(lab.client, '10.77.0.1')).toBe(false);
    await lab.plug(e1);
    expect(await carrier()).not.toContain('NO-CARRIER');
    await answering(lab.client, '10.77.0.1');
  });
});

describe('Lab.cutPower()', () => {
  it('ends every process of the host, those left behind too, and its addresses; the others live on', async () => {
    const watch = await lab.watchAddresses();
    await e2.namespace.ip(['addr add 10.77.0.52/24 dev eth0']);
    const parent = await e2.namespace.spawn(['sh', '-c', 'setsid sleep 600 & exec sleep 600'], { name: 'e2-daemon' });
    const other = await e1.namespace.spawn(['sleep', '600'], { name: 'e1-daemon' });
    await watch.until('the address on e2', 2_000, () => watch.holders('10.77.0.52').includes('e2'));
    await lab.cutPower(e2);
    expect(parent.running).toBe(false);
    expect(e2.namespace.pids()).toEqual(watch.monitorPids.filter((pid) => inside(pid, e2)));
    expect(watch.holders('10.77.0.52')).toEqual([]);
    expect(await lab.addresses(e2)).toEqual([]);
    expect(await answers(lab.client, '10.77.0.2')).toBe(false);
    expect(other.running).toBe(true);

    await lab.restorePower(e2);
    await answering(lab.client, '10.77.0.2');
    expect(watch.holders('10.77.0.52')).toEqual([]);
    expect(await lab.addresses(e2)).toEqual([]);
    expect(statSync(e2.runDirectory).isDirectory()).toBe(true);
    other.signal('SIGKILL');
    await other.ended;
    watch.close();
  });
});

describe('Lab.dispose()', () => {
  it('ends processes and namespaces and removes the directory', async () => {
    const short = await createLab({ hosts: 1 });
    const host = short.host('e1');
    const daemon = await host.namespace.spawn(['sleep', '600'], { name: 'daemon' });
    const holder = host.namespace.holderPid;
    await short.dispose();
    expect(daemon.running).toBe(false);
    expect(existsSync(`/proc/${holder}`)).toBe(false);
    expect(existsSync(short.directory)).toBe(false);
  });

  it.each(['SIGTERM', 'SIGKILL', 'uncaught error'])('is done by the end of the process: %s', async (ending) => {
    const temporary = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
    const user = spawn(process.execPath, [new URL('lab-user.mjs', import.meta.url).pathname, ending], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: temporary },
    });
    const told = new Promise<string>((resolve) => {
      user.stdout.setEncoding('utf8').once('data', resolve);
    });
    const ended = new Promise<void>((resolve) => {
      user.once('exit', () => resolve());
    });
    const pids = (await within(10_000, 'the lab to stand', told)).trim().split(' ').map(Number);
    expect(pids.length).toBeGreaterThan(3);
    if (ending !== 'uncaught error') user.kill(ending as NodeJS.Signals); // the rest of the table
    await within(5_000, 'the process to end', ended);
    await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 5_000 }).toEqual([]);
    // SIGKILL leaves no moment for files.
    expect(readdirSync(temporary).length).toBe(ending === 'SIGKILL' ? 1 : 0);
    rmSync(temporary, { recursive: true });
  });
});

function inside(pid: number, host: LabHost): boolean {
  return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync(`/proc/${host.namespace.holderPid}/ns/net`);
}
