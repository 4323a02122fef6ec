/**
 * Compiles the addon and the guard with the node-gyp that npm bundles. Runs as npm's install script; by hand: node native/build.mjs
 * [--force]. Everything it needs is checked first, because node-gyp's own messages bury what is missing.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  checkPlatform,
  compilerPrograms,
  findMissing,
  findProgram,
  installCommand,
  run,
  runMain,
  SetupError,
} from './requirements.mjs';

const directory = dirname(fileURLToPath(import.meta.url));
const binaries = ['holdfast.node', 'holdfast-guard'].map((name) => join(directory, 'build/Release', name));

/** Whether a binary is missing or older than a source. One addon serves every Node version (Node-API). */
export function isAddonStale() {
  if (!binaries.every((binary) => existsSync(binary))) return true;
  const builtMs = Math.min(...binaries.map((binary) => statSync(binary).mtimeMs));
  const names = [
    ...readdirSync(directory),
    ...readdirSync(join(directory, 'guard')).map((name) => join('guard', name)),
  ];
  const sources = names.filter((name) => /\.(c|h|gyp)$/.test(name));
  return sources.some((name) => statSync(join(directory, name)).mtimeMs > builtMs);
}

/** Compiles both, and loads the addon. Throws a SetupError that says what is missing. */
export function buildAddon() {
  checkPlatform();
  checkCompiler();
  const headers = findHeaders();
  const args = [findNodeGyp(), 'rebuild', `--directory=${directory}`];
  if (headers !== null) args.push(`--nodedir=${headers}`);
  const env = { ...process.env, npm_config_loglevel: 'warn' }; // the "silent" of an `npm run` above would hide the compiler's words
  try {
    run('Compiling the native addon', process.execPath, args, { env });
  } catch (error) {
    if (headers !== null || !(error instanceof SetupError)) throw error;
    throw new SetupError(
      `${error.message}\nNode's headers are not on this machine, so node-gyp tried to download them. Without network: install them ` +
        `(for Debian's own nodejs: ${installCommand(['libnode-dev'])}) or name their directory (npm_config_nodedir).`,
    );
  }
  load();
}

function checkCompiler() {
  const { programs, packages } = findMissing(compilerPrograms);
  if (programs.length === 0) return;
  throw new SetupError(
    `Cannot compile the native addon: ${programs.join(', ')} not found. On Debian or Ubuntu, as root:\n  ${installCommand(packages)}`,
  );
}

/** The directory to pass as --nodedir: of this Node's own headers, else npm's setting; null: node-gyp downloads them. */
function findHeaders() {
  const own = dirname(dirname(realpathSync(process.execPath)));
  if (hasHeaders(own)) return own;
  const configured = process.env.npm_config_nodedir;
  return configured !== undefined && configured !== '' && existsSync(configured) ? configured : null;
}

/** Headers of another major version next to this Node are what an older installation left behind. */
function hasHeaders(prefix) {
  const include = join(prefix, 'include/node');
  if (!existsSync(join(include, 'node_api.h')) || !existsSync(join(include, 'uv.h'))) return false;
  const version = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(join(include, 'node_version.h'), 'utf8'));
  return version?.[1] === process.versions.node.split('.')[0];
}

/** npm names its node-gyp to the scripts it runs; by hand it is looked for inside npm, then on PATH. */
function findNodeGyp() {
  const npm = findProgram('npm');
  const candidates = [
    process.env.npm_config_node_gyp,
    npm === null ? undefined : join(dirname(dirname(realpathSync(npm))), 'node_modules/node-gyp/bin/node-gyp.js'),
    join(dirname(dirname(process.execPath)), 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js'),
    '/usr/share/nodejs/node-gyp/bin/node-gyp.js', // Debian's package
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  const onPath = findProgram('node-gyp');
  if (onPath !== null) return realpathSync(onPath);
  throw new SetupError('Cannot compile the native addon: node-gyp not found. It comes with npm; is npm installed?');
}

function load() {
  try {
    createRequire(import.meta.url)('./addon.cjs');
  } catch (error) {
    throw new SetupError(`The native addon was compiled but does not load: ${error.message}`);
  }
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runMain(() => {
    if (process.argv.includes('--force') || isAddonStale()) buildAddon();
  });
}
