export const RTM_NEWLINK: number;
export const NLMSG_DONE: number;
export function dumpLinks(): Buffer;
export function messageTypes(datagram: Buffer): number[];
