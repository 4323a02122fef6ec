/** What the agent needs of the kernel to manage addresses, and how it is told where that is refused. */
import { ExitError, exitCodes } from './exit-codes.ts';
import { missingCapabilities } from './system/capabilities.ts';
import { NetlinkError } from './system/netlink-error.ts';

/** @throws ExitError where a capability is missing */
export function requirePrivilege(): void {
  const missing = missingCapabilities();
  if (missing.length === 0) return;
  throw new ExitError(
    exitCodes.privilege,
    `Cannot manage addresses: ${missing.join(' and ')} missing; run the agent as root or through its systemd unit`,
  );
}

/**
 * A capability may be there and be worth nothing: a system call filter or RestrictAddressFamilies refuses the sockets, or the network
 * namespace belongs to another user namespace. A restart cannot mend that.
 */
export function privilegeRefused(error: unknown): ExitError | null {
  if (!(error instanceof Error && 'code' in error && refusals.has(String(error.code)))) return null;
  if (!(error instanceof NetlinkError || ('syscall' in error && error.syscall === 'socket'))) return null;
  const where = 'a system call filter, RestrictAddressFamilies of a unit, or a user namespace';
  return new ExitError(
    exitCodes.privilege,
    `Cannot manage addresses, though the capabilities are there: ${error.message}; ${where} refuses it`,
    { cause: error },
  );
}

const refusals: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EAFNOSUPPORT', 'ENOSYS']);
