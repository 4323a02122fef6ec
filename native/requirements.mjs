/**
 * What the project needs of a machine, and where it is. Imports only node: modules: it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Ends set-up; its message is all the user sees. */
export class SetupError extends Error {}

/** By program: the Debian package that has it. node-gyp links with the C++ compiler, also where all sources are C. */
export const compilerPrograms = {
  cc: 'build-essential',
  'c++': 'build-essential',
  make: 'build-essential',
  python3: 'python3',
};
/** The demo's and the tests' hosts in network namespaces. */
export const labPrograms = {
  ip: 'iproute2',
  bridge: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};
export const testPrograms = { tcpdump: 'tcpdump' };

const nodeVersionMin = [20, 19];

/** Throws a SetupError on another system than Linux or an older Node. */
export function checkPlatform() {
  if (process.platform !== 'linux') {
    throw new SetupError(`Holdfast runs on Linux only; this is ${process.platform}.`);
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major < majorMin || (major === majorMin && minor < minorMin)) {
    throw new SetupError(
      `Holdfast needs Node ${majorMin}.${minorMin} or later (24 is recommended); this is ${process.versions.node}, ${process.execPath}.`,
    );
  }
}

/** The path of a program, or null. Looks in the system directories too, which an ordinary user's PATH may lack. */
export function findProgram(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const directory of directories) {
    const path = join(directory || '.', name);
    if (isExecutable(path)) return path;
  }
  return null;
}

/** @returns the programs of the table that are not there, and their packages without duplicates */
export function findMissing(programs) {
  const missing = Object.keys(programs).filter((name) => findProgram(name) === null);
  return { programs: missing, packages: [...new Set(missing.map((name) => programs[name]))] };
}

export function installCommand(packages) {
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Runs a program to its end, quietly.
 * @returns what it wrote, both streams
 * Throws a SetupError that begins with `purpose` and ends with the last lines of the output.
 */
export function run(purpose, command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  if (result.status === 0) return output;
  const end = result.error?.message ?? (result.signal === null ? `exit status ${result.status}` : result.signal);
  const tail = output.trimEnd().split('\n').slice(-40).join('\n');
  throw new SetupError(`${purpose} failed (${end}): ${[command, ...args].join(' ')}\n${tail}`);
}

/** Runs a command's main function: a SetupError becomes its message on stderr and exit status 1. */
export function runMain(main) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
