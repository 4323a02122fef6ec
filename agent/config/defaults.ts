/** What holds where the file is silent. */

export const defaultHeartbeatMs = 100;
/**
 * `detect` where only the heartbeat is given, and the other way round. Heartbeats come after 75 to 100 % of the interval, so that it is more than two
 * and a half of them, and one may be lost. A member that is only late loses nothing: its host is asked before anything is taken over.
 */
export const defaultDetectHeartbeats = 2.25;
/** Five times what a timer was seen to be late on a host with twice as many busy loops as cores. */
export const defaultHangMs = 500;
/** Unassigned by IANA; next to Spread's 4803. */
export const defaultPort = 4807;
/** IPv4 local scope (RFC 2365 §6.1): routers keep it in the site. */
export const defaultMulticastAddress4 = '239.255.72.68';
/** Transient, link-local scope (RFC 4291 §2.7). */
export const defaultMulticastAddress6 = 'ff12::4807';
/** Long enough for hosts that were powered on together; ends early when all hosts of the file are there. */
export const defaultMatureMs = 5000;
export const defaultLifetimeSeconds = 6;
/** Reaches 1,000 addresses in 34 ms; below 1 % of a gigabit link, where switches that limit broadcasts mostly begin. */
export const defaultAnnounceRate = 12_000;
/** A switched segment answers within milliseconds; a host in power saving or behind a slow radio link may take 100. */
export const defaultProbeMs = 200;
export const defaultWeight = 100;
