/** The channel cannot be opened: a port in use, an address that is not on this host. */
export class ChannelError extends Error {
  /** As the kernel says it: EADDRINUSE, EADDRNOTAVAIL, … */
  readonly code: string;
  readonly address: string;
  readonly port: number;

  constructor(code: string, address: string, port: number, options?: ErrorOptions) {
    super(`Cannot bind UDP ${address} port ${port}: ${code}${hintFor(code)}`, options);
    this.name = 'ChannelError';
    this.code = code;
    this.address = address;
    this.port = port;
  }
}

function hintFor(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return ' (another program, or another agent, has it)';
    case 'EADDRNOTAVAIL':
      return ' (no interface of this host has that address)';
    default:
      return '';
  }
}
