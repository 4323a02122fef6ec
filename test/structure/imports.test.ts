import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const agentFolder = fileURLToPath(new URL('../../agent/', import.meta.url));

/** What a folder of agent/ may import: folders, and modules from outside. Imports point one way. */
const allowed: Readonly<Record<string, { readonly folders: readonly string[]; readonly modules: readonly RegExp[] }>> =
  {
    membership: { folders: [], modules: [/^node:assert$/] },
    ownership: { folders: ['membership'], modules: [/^node:assert$/] },
    wire: { folders: ['membership', 'ownership'], modules: [/^node:assert$/] },
    config: {
      folders: ['exit-codes.ts', 'membership', 'ownership', 'wire'],
      modules: [/^node:/, /^toml-eslint-parser$/, /^valibot$/],
    },
    channel: { folders: ['membership', 'wire', 'config'], modules: [/^node:/, /^#native$/] },
    system: { folders: ['membership', 'ownership', 'wire', 'config'], modules: [/^node:/, /^#native$/] },
    control: { folders: ['exit-codes.ts', 'channel', 'config', 'membership', 'ownership'], modules: [/^node:/] },
    lab: { folders: ['config', 'control', 'membership', 'wire'], modules: [/^node:/, /^#native$/] },
    cli: {
      folders: [
        'agent.ts',
        'channel',
        'config',
        'control',
        'exit-codes.ts',
        'lab',
        'membership',
        'ownership',
        'system',
        'wire',
      ],
      modules: [/^node:/, /^commander$/],
    },
  };

type Import = { readonly file: string; readonly typeOnly: boolean; readonly from: string };

/** Every static and dynamic import of a source file, as it stands in the text. */
function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(agentFolder, file), 'utf8');
  const statics = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gms)];
  const bare = [...text.matchAll(/^import\s+()'([^']+)'/gm)];
  const dynamic = [...text.matchAll(/\bimport\(()\s*'([^']+)'/g)];
  return [...statics, ...bare, ...dynamic].map(([, typeOnly, from]) => ({
    file,
    typeOnly: !!typeOnly,
    from: from ?? '',
  }));
}

const files = readdirSync(agentFolder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = files.filter((file) => file.includes('/')).flatMap(importsOf);

describe('the folders of agent/', () => {
  it('were read', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
  });

  it.each(Object.entries(allowed))('%s imports only what stands below it', (folder, { folders, modules }) => {
    const wrong = imports.filter(({ file, from }) => {
      if (!file.startsWith(`${folder}/`)) return false;
      if (!from.startsWith('.')) return !modules.some((module) => module.test(from));
      const target = relative(agentFolder, join(agentFolder, file, '..', from));
      return ![folder, ...folders].some((name) => target === name || target.startsWith(`${name}/`));
    });
    expect(wrong.map(({ file, from }) => `${file} imports ${from}`)).toEqual([]);
  });

  it('every folder has a rule', () => {
    expect([...new Set(imports.map(({ file }) => file.split('/')[0]))].sort()).toEqual(Object.keys(allowed).sort());
  });
});
