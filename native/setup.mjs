/**
 * Makes a clone ready to run: `npm run setup`, which `npm run demo` and (with --test) `npm test` begin with. Says one
 * line for every step it takes, and nothing when there is nothing to do.
 */
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon, isAddonStale } from './build.mjs';
import {
  checkPlatform,
  compilerPrograms,
  findMissing,
  findProgram,
  installCommand,
  labPrograms,
  run,
  runMain,
  SetupError,
  testPrograms,
} from './requirements.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inRoot = (path) => join(root, path);

runMain(() => {
  checkPlatform();
  installPrograms(process.argv.includes('--test'));
  installPackages();
  if (isAddonStale()) {
    say('compiling the native addon');
    buildAddon();
  }
  compileAgent();
});

function installPrograms(forTests) {
  const needed = { ...compilerPrograms, ...labPrograms, ...(forTests ? testPrograms : {}) };
  const { programs, packages } = findMissing(needed);
  if (programs.length === 0) return;
  const command = installCommand(packages);
  const aptGet = findProgram('apt-get');
  if (aptGet === null || process.getuid() !== 0) {
    const how = aptGet === null ? `Install what Debian has as: ${packages.join(' ')}` : `Run: sudo ${command}`;
    throw new SetupError(`Programs not found: ${programs.join(', ')}. ${how}`);
  }
  say(`installing ${packages.join(', ')} with apt-get (for ${programs.join(', ')})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('Updating the package lists', aptGet, ['update'], { env });
  run('Installing packages', aptGet, command.split(' ').slice(1), { env });
  const still = findMissing(needed).programs;
  if (still.length > 0) throw new SetupError(`Programs not found after ${command}: ${still.join(', ')}`);
}

/** npm writes node_modules/.package-lock.json last: older than package-lock.json means another or a broken install. */
function installPackages() {
  const installed = inRoot('node_modules/.package-lock.json');
  if (existsSync(installed) && modifiedMs(installed) >= modifiedMs(inRoot('package-lock.json'))) return;
  say('installing npm packages and compiling the native addon (npm ci)');
  const npm = findProgram('npm');
  if (npm === null) throw new SetupError('npm not found on PATH. It comes with Node; Debian has it as package npm.');
  // Said again, because npm hands the settings of the `npm run` above us to this one: silent, or production only.
  run('Installing npm packages', npm, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
  });
}

/** Into a directory of its own first: a source that was removed leaves nothing behind, a failure leaves the old one. */
function compileAgent() {
  const stamp = inRoot('dist/.compiled');
  const sources = [inRoot('agent'), inRoot('tsconfig.json'), inRoot('package-lock.json')];
  if (existsSync(stamp) && modifiedMs(stamp) >= Math.max(...sources.map(newestMs))) return;
  say('compiling the agent (tsc)');
  const startedAt = new Date(); // what is changed while tsc runs is compiled the next time
  const fresh = inRoot('dist.tmp');
  rmSync(fresh, { recursive: true, force: true });
  run('Compiling the agent', inRoot('node_modules/.bin/tsc'), ['-p', 'tsconfig.json', '--outDir', fresh], {
    cwd: root,
  });
  chmodSync(join(fresh, 'agent/cli/main.js'), 0o755); // tsc makes no programs
  writeFileSync(join(fresh, '.compiled'), '');
  utimesSync(join(fresh, '.compiled'), startedAt, startedAt);
  rmSync(inRoot('dist'), { recursive: true, force: true });
  renameSync(fresh, inRoot('dist'));
}

/** Of a file, or of all there is in a directory and the directories themselves, which change where a file goes. */
function newestMs(path) {
  if (!statSync(path).isDirectory()) return modifiedMs(path);
  return Math.max(modifiedMs(path), ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function modifiedMs(path) {
  return statSync(path).mtimeMs;
}

function say(step) {
  process.stderr.write(`setup: ${step}\n`);
}
