/** Bounds of what one file may ask for: what a group was designed and measured for, not what would still parse. */

export const configFileBytesMax = 1024 * 1024;
export const keyFileBytesMax = 16 * 1024;
/** Old, current and next key, with room; each costs one more try to open a foreign frame. */
export const groupKeysMax = 8;

/** The built-in engine's bound (docs/decisions/configuration.md). */
export const hostsMax = 64;
export const pathsPerHostMax = 8;
export const setsMax = 4096;
export const addressesPerSetMax = 64;

/** Names and addresses beside the hosts: as many as a group can have members. */
export const peersMax = 64;
/** With dots, the last one included (RFC 1035 §2.3.4). */
export const dnsNameLengthMax = 254;
/** A DNS label (RFC 1035 §2.3.1). */
export const nameLengthMax = 63;
/** IFNAMSIZ less the terminating zero byte. */
export const interfaceNameBytesMax = 15;

export const heartbeatMsMin = 5;
export const heartbeatMsMax = 10_000;
export const detectMsMax = 60_000;
/** One heartbeat may always be lost or late: patience is at least two. */
export const detectHeartbeatsMin = 2;
/** A main loop under load was seen 108 ms late. */
export const hangMsMin = 200;
export const hangMsMax = 60_000;
export const matureMsMax = 600_000;
export const failbackMsMax = 86_400_000;
/** Kernel lifetimes end up to 1.25 s late and are renewed every 2 s: below 6 s one late renewal could lose an address. */
export const lifetimeSecondsMin = 6;
export const lifetimeSecondsMax = 86_400;
/** Each is asked every second. */
export const witnessAddressesMax = 8;
export const announceRateMin = 1;
/** A gigabit link carries 1.4 million. */
export const announceRateMax = 100_000;
/** Each is told of each address: a thousand addresses make a million frames. */
export const notifiedHostsMax = 1024;
export const probeMsMin = 20;
export const probeMsMax = 2000;
/** A handover and its repeated announcements are over by then. */
export const balanceEveryMsMin = 1000;
export const balanceEveryMsMax = 86_400_000;
export const dampingMsMin = 1000;
export const dampingMsMax = 86_400_000;
/** The first departure. */
export const suppressMin = 1000;
export const suppressMax = 100_000;
export const weightMin = 1;
export const weightMax = 1000;
export const portMax = 65_535;
