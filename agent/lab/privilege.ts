/** Whether this process may make namespaces, and if not, how it can. */
import { spawn } from 'node:child_process';
import { attempt } from './command.ts';

export type Privilege =
  /** Namespaces can be made as we are. */
  | { readonly kind: 'sufficient' }
  /** An ordinary user on a kernel that gives user namespaces: this very program has to run behind this prefix. */
  | { readonly kind: 'user-namespace'; readonly prefix: readonly string[] }
  /** Neither; `reason` says what was tried and what would help. */
  | { readonly kind: 'none'; readonly reason: string };

// It gets SIGTERM when this process ends; asked for inside, because entering takes such a wish away.
const userNamespace = ['unshare', '--user', '--map-root-user', '--net', '--', 'setpriv', '--pdeathsig', 'TERM', '--'];

/** The programs of a lab, and the Debian package of each. */
const programs: readonly (readonly [program: string, versionFlag: string, debianPackage: string])[] = [
  ['ip', '-V', 'iproute2'],
  ['nsenter', '--version', 'util-linux'],
  ['setpriv', '--version', 'util-linux'],
  ['unshare', '--version', 'util-linux'],
];

export async function examinePrivilege(): Promise<Privilege> {
  const missing = await missingPrograms();
  if (missing !== null) return { kind: 'none', reason: missing };
  const plain = await attempt(['unshare', '--net', 'true']);
  if (plain.status === 0) return { kind: 'sufficient' };
  const mapped = await attempt([...userNamespace, 'true']);
  if (mapped.status === 0) return { kind: 'user-namespace', prefix: userNamespace };
  return {
    kind: 'none',
    reason:
      `Cannot make network namespaces: ${plain.stderr.trim()} (needs CAP_SYS_ADMIN and CAP_NET_ADMIN); nor through a user ` +
      `namespace: ${mapped.stderr.trim()}. Run as root, or allow user namespaces: sysctl user.max_user_namespaces=10000, ` +
      'and where present kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0; in a ' +
      'container give it --privileged.',
  };
}

/** Runs this program again, same arguments, behind `prefix`. @returns its exit status, 128 + n where a signal ended it */
export function runAgain(prefix: readonly string[]): Promise<number> {
  const [file = '', ...rest] = [...prefix, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(file, rest, { stdio: 'inherit' });
  // A Ctrl-C reaches the whole foreground group: the other one cleans up, this one waits for it.
  const ignore = (): void => {};
  const pass = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
      resolve(status ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

async function missingPrograms(): Promise<string | null> {
  const results = await Promise.all(programs.map(async ([program, flag]) => (await attempt([program, flag])).status));
  const missing = programs.filter((_, index) => results[index] === 127);
  if (missing.length === 0) return null;
  const names = missing.map(([program]) => program).join(', ');
  const packages = [...new Set(missing.map(([, , debianPackage]) => debianPackage))].join(' ');
  return `Cannot build a lab: ${names} not found in PATH. On Debian: apt-get install ${packages}`;
}
