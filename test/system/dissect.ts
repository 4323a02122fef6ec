/** What tshark, which knows nothing of our codecs, makes of a capture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCapture } from '../../agent/lab/capture.ts';
import { run } from '../../agent/lab/command.ts';
import type { Namespace } from '../../agent/lab/namespace.ts';

/**
 * Captures on `eth0` what arrives while `act` runs. `frames`: the fields asked for, by name. `complaints`: what tshark finds
 * malformed or with a wrong checksum.
 */
export async function dissect<Field extends string>(
  namespace: Namespace,
  filter: string,
  fields: readonly Field[],
  act: () => Promise<unknown>,
): Promise<{ readonly frames: readonly Readonly<Record<Field, string>>[]; readonly complaints: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
  try {
    const file = join(directory, 'capture.pcap');
    const capture = await startCapture(namespace, 'eth0', filter, file);
    await act();
    await capture.stop();
    const text = await run(['tshark', '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
    const complaints = await run([
      'tshark',
      '-r',
      file,
      '-Y',
      '_ws.malformed || icmpv6.checksum.status == "Bad" || _ws.expert.severity >= error',
    ]);
    const frames = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const values = line.split('\t');
        return Object.fromEntries(fields.map((field, at) => [field, values[at] ?? ''])) as Record<Field, string>; // one value a field
      });
    return { frames, complaints };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
