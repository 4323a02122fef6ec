import { getSystemErrorName } from 'node:util';

export type NetlinkErrorDetails = {
  /** In words comparable with ip(8): 'add 192.0.2.10/24 to eth0'. */
  readonly operation: string;
  /** 'EPERM' */
  readonly code: string;
  /** The kernel's own words (extended acknowledgement), or null. */
  readonly kernelText?: string | null;
  /** Where in the request the offending attribute begins, or null. */
  readonly attributeOffset?: number | null;
};

/** `Cannot add 192.0.2.10/24 to eth0: EPERM (needs CAP_NET_ADMIN)` */
export class NetlinkError extends Error {
  readonly operation: string;
  readonly code: string;
  readonly kernelText: string | null;
  readonly attributeOffset: number | null;

  constructor(details: NetlinkErrorDetails, options?: ErrorOptions) {
    const why = details.kernelText ?? hints[details.code];
    super(`Cannot ${details.operation}: ${details.code}${why === undefined ? '' : ` (${why})`}`, options);
    this.name = 'NetlinkError';
    this.operation = details.operation;
    this.code = details.code;
    this.kernelText = details.kernelText ?? null;
    this.attributeOffset = details.attributeOffset ?? null;
  }
}

/** @param errno positive */
export function errnoCode(errno: number): string {
  return getSystemErrorName(-errno);
}

/** For what the kernel gives no words to. */
const hints: Readonly<Record<string, string>> = {
  EPERM: 'needs CAP_NET_ADMIN',
  ENOBUFS: 'no memory for it, or an MTU below 68, which has no IPv4', // inet_addr: a link without an in_device
  ENOMEM: 'the kernel has no memory for it',
  ENODEV: 'no such interface',
  EADDRNOTAVAIL: 'no such address there',
  EEXIST: 'it is there already',
  ETIMEDOUT: 'the kernel did not answer',
  EINTR: 'it kept changing while it was read',
};
