/** Every bound of the membership protocol in one place, each with its reason. */

/** A heartbeat that lists this many members with their delivered counts still fits one Ethernet frame. */
export const membersMax = 64;

/** Incarnations remembered at once, in the view or not: members, newcomers and a few restarts of each. */
export const peersMax = 256;

/** Routes (own path and source address) remembered for each peer; the longest unheard is forgotten first. */
export const routesMax = 8;

export const payloadBytesMax = 1024 * 1024;

/** A payload with what agreement puts around it. */
export const messageBytesMax = payloadBytesMax + 4096;

/** With headers and seal a datagram stays under 1,232 bytes, IPv6's minimum MTU less its IP and UDP headers. */
export const fragmentBytesMax = 1100;

/** Datagrams in flight to one peer: grows by one for each acknowledged one, halves at a timeout. */
export const windowStart = 16;
export const windowMin = 4;
export const windowMax = 128;

/** In flight to all peers together, but for `windowMin` each: a busy host takes a tenth of a millisecond for each and its acknowledgement. */
export const windowShared = 256;

/** Above the jitter of a timer on a busy host; doubled at every try. */
export const retransmitMsMin = 10;
export const retransmitMsMax = 500;

/**
 * An acknowledgement waits so long for more to acknowledge: less than the least time after which a fragment goes again. At a view
 * change each would be a frame, and a turn of two threads, between messages that somebody waits for.
 */
export const ackDelayMs = 6;
/** Of short messages, which would fill the window else. */
export const ackFragmentsMax = 8;

/** Above it a sample of the round trip is taken for a pause of the peer: members are on one site. */
export const roundTripMsMax = 50;

/** What all members of a view together may have sent and not yet seen delivered everywhere, beside one message each. */
export const unstableBytesShared = 16 * 1024 * 1024;

/** Messages to one peer that wait for its window: the largest set a promise can recall, and some. */
export const queueBytesMax = unstableBytesShared + (membersMax + 16) * messageBytesMax;

/** Own payloads that wait for earlier ones to become stable. More: the members that lag are shunned. */
export const outboxBytesMax = 32 * 1024 * 1024;
export const outboxMessagesMax = 8192;

/** Messages of a view that this member is yet to install, from one sender. */
export const earlyBytesMax = unstableBytesShared + messageBytesMax;

/** A silent peer outside the view is remembered this long, for the status. */
export const forgetMs = 60_000;
/** One that may still answer for what it held: a day, as the longest that somebody may take to see to a broken channel. */
export const forgetSuspectMs = 86_400_000;

/** A peer that is heard but whose link makes no progress is left out this long, doubled each time. */
export const shunMsMin = 2_000;
export const shunMsMax = 60_000;

/** How long a leaving member waits for the others to acknowledge. */
export const leaveMs = 100;

/** Between two heartbeats that do not wait for their turn, so that a storm of changes stays one of two. */
export const urgentGapMs = 1;
/** So long for each that many members there are: 64 that start at once take a quarter of the heartbeats. */
export const urgentMembers = 16;
/** In a group of up to that many members the gap is the same for so many in a row, as a view change has; then it doubles, in larger ones at once. */
export const urgentEvenly = 4;
