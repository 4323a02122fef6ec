/** Copies of the program with one rule broken in each, for tests that must notice it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Mutation = {
  readonly rule: string;
  /** Under agent/, without its ending. */
  readonly file: string;
  /** In the compiled file, once. */
  readonly find: string;
  readonly put: string;
};

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** What one script and all it imports was compiled to, in a temporary folder. */
export class Mutants {
  readonly #folder: string;
  readonly #entry: string;
  #copies = 0;

  private constructor(folder: string, entry: string) {
    this.#folder = folder;
    this.#entry = entry;
  }

  /** @param entry under test/, without its ending */
  static async of(entry: string): Promise<Mutants> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-mutations-'));
    const options =
      '--noCheck --ignoreConfig --module nodenext --target es2023 --rewriteRelativeImportExtensions --types node';
    const where = ['--rootDir', root, '--outDir', join(folder, 'whole')];
    const tsc = join(root, 'node_modules/.bin/tsc');
    await run(tsc, [join(root, 'test', `${entry}.ts`), ...options.split(' '), ...where], { cwd: root });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    return new Mutants(folder, entry);
  }

  /** What the script says with the rule broken. */
  async run({ file, find, put }: Mutation, ...args: readonly string[]): Promise<string> {
    this.#copies += 1;
    const copy = join(this.#folder, `mutant-${this.#copies}`);
    await cp(join(this.#folder, 'whole'), copy, { recursive: true });
    const path = join(copy, 'agent', `${file}.js`);
    const text = await readFile(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file}: "${find}" is not there once`);
    await writeFile(
      path,
      text.replace(find, () => put),
    );
    const script = join(copy, 'test', `${this.#entry}.js`);
    const running = run(process.execPath, [script, ...args], { timeout: 120_000 });
    // Tests with agents in real time may run beside it.
    if (running.child.pid !== undefined) setPriority(running.child.pid, constants.priority.PRIORITY_LOW);
    return (await running).stdout.trim();
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
