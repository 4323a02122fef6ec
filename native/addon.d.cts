/**
 * Sockets and calls that Node lacks. No policy, no parsing: bytes in, bytes out.
 *
 * Every function that fails throws an Error with `code` ('EPERM'), `errno` (positive) and `syscall` ('bind'); the
 * message is `<operation>: <code> (<strerror text>)`. An option of the wrong type is a TypeError, one out of its bounds a
 * RangeError; both name it.
 *
 * A socket belongs to the thread that opened it, stays open (and its object alive) until close() or the thread's end,
 * and delivers at most 256 datagrams before the event loop gets to other work. What a handler throws is an uncaught
 * exception.
 */
export interface NativeError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

export interface SocketHandlers {
  /** One datagram; `data` belongs to the receiver. `from`: unix datagram: sender path or ''; packet: see PacketSource; raw: source address text. */
  onMessage(data: Buffer, from: MessageSource): void;
  /**
   * A receive failed: ENOBUFS (netlink lost messages: resync by a dump), ENETDOWN (link went down), EMSGSIZE (a datagram
   * above 256 KiB was dropped), … The socket goes on working; only close() ends it. An error that keeps coming back is
   * reported at most ten times a second.
   */
  onError(error: NativeError): void;
}

export interface MessageSource {
  /** Packet: interface index it came in on. Raw IPv6: that of a link-local sender. 0 elsewhere. */
  readonly interfaceIndex: number;
  /** Packet: 'host' | 'broadcast' | 'multicast' | 'other' | 'outgoing'. '' elsewhere. */
  readonly packetType: '' | 'host' | 'broadcast' | 'multicast' | 'other' | 'outgoing';
  /** Netlink: sender's port id as text ('0': the kernel). Unix: path ('\0' first: abstract). Raw: address text. Packet: ''. */
  readonly address: string;
}

export interface NativeSocket {
  /** Sends one datagram now, or throws (EAGAIN where the send buffer is full). Returns nothing. */
  send(data: Uint8Array, to?: SendTarget): void;
  /** Delivers at most `countMax` (1 to 256) of the datagrams that are there, before it returns and not in the loop's next round. */
  receive(countMax: number): void;
  /** Idempotent. No handler runs after it returned. The descriptor of a packet socket is closed some 10 ms later, by another thread. */
  close(): void;
  /** Whether the open socket keeps the event loop alive; sockets start referenced. */
  ref(): void;
  unref(): void;
  /** Netlink: own port id. 0 elsewhere. */
  readonly portId: number;
}

/**
 * unix: `path`. packet: `interfaceIndex`, without it the interface that the socket is bound to (and the frame holds its own
 * link header). raw: `address`, and for an IPv6 link-local or multicast one `interfaceIndex`. netlink: none (the kernel).
 */
export interface SendTarget {
  readonly path?: string;
  readonly interfaceIndex?: number;
  readonly address?: string;
}

export interface NetlinkOptions {
  /** NETLINK_ROUTE = 0 */
  readonly protocol: number;
  /** Multicast groups by number (RTNLGRP_*), joined with NETLINK_ADD_MEMBERSHIP. */
  readonly groups: readonly number[];
  /** NETLINK_EXT_ACK and NETLINK_CAP_ACK. */
  readonly extendedAck: boolean;
  /** NETLINK_GET_STRICT_CHK, so that dumps can be filtered by the kernel. */
  readonly strictChecking: boolean;
  /** SO_RCVBUFFORCE, falling back to SO_RCVBUF. 0: the kernel's default. */
  readonly receiveBufferBytes: number;
  /** As PacketOptions has it, over messages as they are, the header first. Without it: no filter. */
  readonly filter?: PacketOptions['filter'];
}

export interface PacketOptions {
  /** Bound to this interface; 0: all. */
  readonly interfaceIndex: number;
  /** Host byte order, e.g. 0x0806; 0: receives nothing (send only). */
  readonly etherType: number;
  /** Classic BPF program as [code, jt, jf, k] rows; empty: no filter. Attached before the socket is bound, so nothing unfiltered is received. */
  readonly filter: readonly (readonly [number, number, number, number])[];
  /** Also frames that other sockets of this host send ('outgoing'); the kernel shows them to etherType 3 (all) only. */
  readonly outgoing: boolean;
}

export interface UnixDatagramOptions {
  /**
   * Path to bind; '\0' first: abstract; '': unbound, only sends. At most 107 bytes (abstract: 108), else ENAMETOOLONG. The
   * file is the caller's to remove, before and after.
   */
  readonly path: string;
}

/** A raw socket of one IP protocol; receives the datagram as the kernel gives it (IPv4: with its header). */
export interface RawOptions {
  readonly family: 4 | 6;
  /** IPPROTO_ICMP = 1, IPPROTO_ICMPV6 = 58 */
  readonly protocol: number;
  /** ICMP or ICMPv6 types, the only ones received, by a filter in the kernel; empty: all, as for other protocols. */
  readonly types: readonly number[];
}

export function openNetlink(options: NetlinkOptions, handlers: SocketHandlers): NativeSocket;
export function openPacket(options: PacketOptions, handlers: SocketHandlers): NativeSocket;
export function openUnixDatagram(options: UnixDatagramOptions, handlers: SocketHandlers): NativeSocket;
export function openRaw(options: RawOptions, handlers: SocketHandlers): NativeSocket;

export interface FileLock {
  /** Idempotent. The kernel also unlocks when the process ends, however it ends; the collector does not. The file stays. */
  release(): void;
}
/** Creates the file where needed (mode 0600, not through a symbolic link) and takes flock(LOCK_EX | LOCK_NB); writes the pid into it. Throws EWOULDBLOCK (code 'EAGAIN') where another process has it. */
export function lockFile(options: { readonly path: string }): FileLock;

/**
 * One thread only, SCHED_RR | SCHED_RESET_ON_FORK at `priority` (1..99); 0: SCHED_OTHER again. `thread`: its id, for the main one the
 * process's; without it the calling one.
 */
export function setThreadRealtime(options: { readonly priority: number; readonly thread?: number }): void;
/**
 * Locks the program's text and libraries, as far as they are used (mlock2, MLOCK_ONFAULT), so that memory pressure does not
 * make it wait for the disk. Not V8's heap: Node aborts where that is locked (memory.c). Needs CAP_IPC_LOCK or a
 * RLIMIT_MEMLOCK above the program's size, about 100 MB; else EPERM, ENOMEM or EAGAIN.
 */
export function lockMemory(): void;
/** CapEff of the calling thread as a bigint bit mask. */
export function effectiveCapabilities(): bigint;
/**
 * Another program in this process's place, with its pid, environment and standard streams (execv). Never returns: it throws
 * where that cannot be run. Threads end where they stand, so it is for the beginning of a program. The first argument is the file.
 */
export function replaceProcess(options: { readonly arguments: readonly string[] }): never;
