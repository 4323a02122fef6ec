/** What has to be on the machine beside what the lab needs, and how it gets there. */
import { attempt, run } from '../../agent/lab/command.ts';

/** Program -> Debian package. */
const programs: Readonly<Record<string, string>> = {
  keepalived: 'keepalived',
  ucarp: 'ucarp',
  tcpdump: 'tcpdump',
  nft: 'nftables',
};

/** @throws Error that says what is missing and how to install it, unless it may do so itself */
export async function ensurePrograms(options: { readonly install: boolean }): Promise<void> {
  const missing = await missingPrograms();
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => programs[program] ?? program))];
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (!options.install) {
    throw new Error(
      `Cannot compare: ${missing.join(', ')} not found. Run as root: ${command.join(' ')}, or add --install`,
    );
  }
  await run(['apt-get', 'update']);
  await run(['env', 'DEBIAN_FRONTEND=noninteractive', ...command]);
}

async function missingPrograms(): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.keys(programs).map(async (program) => {
      const { status } = await attempt(['sh', '-c', 'command -v "$0"', program]);
      return { program, status };
    }),
  );
  return found.filter(({ status }) => status !== 0).map(({ program }) => program);
}
