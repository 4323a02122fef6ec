/*
 * The guard: outlives its agent by as long as it takes to leave nothing behind. docs/guard.md says what it does and why.
 * One thread, one poll loop, no memory taken after the start: each bound is an array.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Above what a group may have (4,096 sets), and the table is under half a MiB of which only the used pages count. */
enum { HELD_MAX = 8192 };
/* One message of the agent: 512 addresses, or 8 paths with 4 frames each and 64 destinations. */
enum { MESSAGE_BYTES_MAX = 32 * 1024 };
enum { RECORD_BYTES = 32 };

/* An address that the agent has in the kernel, or is about to. */
struct held {
  uint32_t interface;
  uint8_t family; /* 4 or 6 */
  uint8_t prefix;
  /* On its way to another host, who announces it while the agent still has it. */
  bool giving;
  /* IPv6: the host speaks from it (`preferred_source`), so that it is not to become deprecated. */
  bool preferred;
  /* To be removed by the next route_remove(). */
  bool leaving;
  /* What the last look at the kernel said. */
  bool present, secondary, permanent;
  /* Of this host on that interface, and of whoever else announced the address last. */
  uint8_t mac[6], other[6];
  uint8_t ip[16]; /* IPv4: the first four */
  /* When another MAC announced it; 0: none did, as far as it counts. */
  int64_t other_ns;
  /* Counted from the agent's last sign: others claim it later without hearing from here, so that it must be gone. 0: it stays. */
  uint16_t fence_ms;
  /* Of what an agent took over and has no view for: when that is over, whatever signs it gives. 0: counted from those. */
  int64_t fence_at;
  /* Not to be tried before, as the kernel refused. */
  int64_t retry_ns;
};

struct settings {
  int agent; /* pid */
  int tick_ms;
  /* How long the agent's main loop may show no sign of itself: at all; when another host announces its addresses; when it is stopped. */
  int hang_ms, evidence_ms, stopped_ms;
  int lifetime_seconds; /* 0: for ever */
  const char *directory;
};

extern struct settings settings;

/* guard.c: the agent's end within this announces another agent, for which all is kept; 0: it does not. */
void guard_expect(uint32_t keep_ms);
/* What is left of its fence, at least 1; 0: it has none. */
uint16_t guard_fence_left(const struct held *address);

/* agent.c */
void agent_watch(void);
/* What it did not do until now is forgotten. */
void agent_shows_itself(void);
/* Of the time since the last call or sign, of which `span_ns` count: how long the main loop could have run. Less on a busy machine. */
int64_t agent_idled(int64_t span_ns);
/* Of the main thread, as in proc(5); '?': it is not told. */
char agent_state(void);

/* held.c */
extern struct held held[HELD_MAX];
extern size_t held_count;
/* Adds, or brings up to date. False where the table is full. */
bool held_put(const uint8_t record[RECORD_BYTES]);
void held_drop(const uint8_t record[RECORD_BYTES]);
void held_drop_at(size_t index);
/* For the next agent: the fence is what is left of it. */
void held_write(uint8_t record[RECORD_BYTES], const struct held *address);
/* Somebody with `mac` says on `interface` that it has the address. */
void held_announced(uint32_t interface, uint8_t family, const uint8_t *ip, const uint8_t mac[6], int64_t now_ns);
/* The agent lives: what others announced is its business. */
void held_forget_announced(void);
bool held_any_announced(void);
bool held_any_fenced(void);

/* route.c: all return false where the kernel did not answer; it said why. */
bool route_open(void);
/* Marks what is present as ours, forgets what is not. */
bool route_look(void);
/* Sets the lifetime anew; never creates. */
void route_renew(const struct settings *settings);
/* Removes what is marked as leaving, with the care for siblings that the agent takes. Returns how many went. */
size_t route_remove(void);

/* watch.c */
bool watch_open(int *arp, int *advertisements);
void watch_arp(int fd);
void watch_advertisements(int fd);

/* obituary.c */
enum { OBITUARY_ROUNDS = 4 };
/* False where it is malformed; then the one before stays. */
bool obituary_keep(const uint8_t *bytes, size_t length);
void obituary_send(int round);

/* link.c: the socketpair to the agent. */
enum link_event { LINK_NOTHING, LINK_PROGRESS, LINK_END, LINK_CLOSED, LINK_BROKEN };
/* Takes in what the agent wrote, acknowledges it, and says the most important thing there was. */
enum link_event link_read(int fd);

/* door.c: the lock, and the socket for those who come after the agent. */
bool door_lock(const struct settings *settings);
/* Whether the lock's name still leads to this guard's file. */
bool door_is_ours(void);
int door_open(const struct settings *settings);
void door_close(void);
/* Accepts one caller and reads its question: 'h' hand over, 'r' release, 0 none. */
char door_question(int listener, int *caller);
/* Answers and hangs up. False where the caller did not get it all. */
bool door_answer_held(int caller);
bool door_answer_count(int caller, uint32_t count);
void door_refuse(int caller);

/* say.c */
enum level { SAY_ERROR = 3, SAY_WARNING = 4, SAY_NOTICE = 5 };
/* One line on stderr, with the journal's level where it is the journal. */
void say(enum level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For `systemctl status`, where systemd listens. */
void say_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *say_address(const struct held *address);
const char *say_mac(const uint8_t mac[6]);

/* CLOCK_MONOTONIC; stands still while a virtual machine is paused. */
int64_t now_ns(void);

static inline uint32_t read_u32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
static inline uint16_t read_u16(const uint8_t *bytes) { return (uint16_t)(bytes[0] << 8 | bytes[1]); }
static inline void write_u16(uint8_t *bytes, uint16_t value) {
  bytes[0] = (uint8_t)(value >> 8);
  bytes[1] = (uint8_t)value;
}
static inline void write_u32(uint8_t *bytes, uint32_t value) {
  bytes[0] = (uint8_t)(value >> 24);
  bytes[1] = (uint8_t)(value >> 16);
  bytes[2] = (uint8_t)(value >> 8);
  bytes[3] = (uint8_t)value;
}
