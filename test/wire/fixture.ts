import { readFileSync } from 'node:fs';

/** Captured bytes by name. A file says at its top how they were captured, and per entry by what (`= name`, `# what`, hex). */
export function readFixtures(file: string): (name: string) => Uint8Array {
  const text = readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8');
  const entries = new Map(
    text
      .split(/^= /m)
      .slice(1)
      .map((entry) => {
        const [name = '', ...lines] = entry.split('\n');
        const hex = lines.filter((line) => !line.startsWith('#')).join('');
        return [name, Uint8Array.from(Buffer.from(hex, 'hex'))] as const;
      }),
  );
  return (name) => {
    const bytes = entries.get(name);
    if (bytes === undefined || bytes.length === 0) throw new Error(`No fixture ${name} in ${file}`);
    return bytes;
  };
}
