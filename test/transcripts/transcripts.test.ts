import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Story, stories } from './stories.ts';

/** `HOLDFAST_TRANSCRIPTS=write` writes the files anew: look at what has changed in them. */
const write = process.env.HOLDFAST_TRANSCRIPTS === 'write';

function textOf({ title, about, play }: Story): string {
  const stage = play();
  const columns = `${'ms'.padStart(8)}  ${'host'.padEnd(8)}  what it hears, decides, does`;
  const heartbeats = `${' '.repeat(20)}(${stage.heartbeats()} heartbeats, of which only the missing ones are told)`;
  const sentences = about.split(/(?<=[.:]) /);
  return `${[title, ...sentences, '', columns, ...stage.lines, heartbeats].join('\n')}\n`;
}

describe('a story', () => {
  it.each(stories)('ends as it should and reads as it is kept: $name', (story) => {
    const file = join(import.meta.dirname, `${story.name}.txt`);
    const text = textOf(story);
    if (write) writeFileSync(file, text);
    expect(text, 'where it should be otherwise now: HOLDFAST_TRANSCRIPTS=write (docs/proof.md)').toBe(
      readFileSync(file, 'utf8'),
    );
  });

  it('is kept for each file, and told in docs/proof.md', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.txt'));
    expect(files.sort()).toEqual(stories.map(({ name }) => `${name}.txt`).sort());
    const page = readFileSync(join(import.meta.dirname, '../../docs/proof.md'), 'utf8');
    for (const file of files) expect(page).toContain(`test/transcripts/${file}`);
  });
});
