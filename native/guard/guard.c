/*
 * holdfast-guard AGENT_PID DIRECTORY TICK_MS HANG_MS EVIDENCE_MS STOPPED_MS LIFETIME_SECONDS, with the socketpair to the agent as fd 3.
 * While the agent lives it watches it; then it is on duty, until nothing is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"

static const int64_t ms = 1000000;
enum { LINK = 3 };
/* Between the new owner's announcement and the removal: what was on its way to this host still arrives. */
enum { GRACE_MS = 20 };
/* After a removal that the kernel refused. */
enum { RETRY_MS = 1000 };
/* The first at once. */
static const int obituary_ms[OBITUARY_ROUNDS] = {0, 2, 5, 9};
/* Without a lifetime the addresses are still looked after. */
enum { LOOK_MS = 2000 };
/* How long a successor may take until its absence is told, and how often it is told again. */
enum { ALONE_MS = 2000, STILL_ALONE_MS = 60 * 1000 };

struct settings settings;
static int agent_fd, arp_fd, advertisement_fd, signal_fd, door_fd, link_fd = LINK;

/* Watching. */
static bool armed, killed;
/* Since the last sign of the agent, by ticks of our own; and what of it the agent could have used. */
static int64_t silent_ns, idled_ns;
/* By the clock: what a fence is counted from. 0: there was none yet. */
static int64_t sign_at;
/* When the next one is, and how many it stands for: after a sign of the agent the next is due, the first few say nothing. */
static int64_t tick_at;
static int stride = 1;
enum { STRIDE_AFTER_SIGN = 3 };
/* Who is replaced, or may be without hearing of it, and waits for a processor lets go late: so many times the limit are too late. */
enum { BUSY_LIMITS = 4 };
/* On duty, since; 0: the agent lives. */
static int64_t duty_since;
static int obituary_round;
/* At the death; later, where another agent is expected before. */
static int64_t obituary_at;
/* Until then a death announces another agent. */
static int64_t keep_until;
static int64_t look_at, tell_at;

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static void end(int status) {
  door_close();
  exit(status);
}

static void end_when_empty(void) {
  if (held_count > 0 || obituary_round < OBITUARY_ROUNDS) return;
  say(SAY_NOTICE, "nothing is left here %d ms after the end of the agent: the guard ends", (int)((now_ns() - duty_since) / ms));
  say_status("no agent, no addresses");
  end(0);
}

static int64_t fence_at(const struct held *address) {
  if (address->fence_ms == 0) return INT64_MAX;
  return address->fence_at != 0 ? address->fence_at : sign_at + address->fence_ms * ms;
}

uint16_t guard_fence_left(const struct held *address) {
  if (address->fence_ms == 0) return 0;
  const int64_t left_ms = (fence_at(address) - now_ns()) / ms;
  return left_ms < 1 ? 1 : left_ms > UINT16_MAX ? UINT16_MAX : (uint16_t)left_ms;
}

/* When it is to go; INT64_MAX: nothing is known that says so. */
static int64_t leaves_at(const struct held *address) {
  int64_t at = INT64_MAX;
  if (address->other_ns != 0) at = address->other_ns + GRACE_MS * ms;
  at = earlier(at, fence_at(address));
  return at > address->retry_ns ? at : address->retry_ns;
}

static void tell_leaving(const struct held *address) {
  if (address->other_ns != 0) say(SAY_NOTICE, "%s is with %s now: removed here", say_address(address), say_mac(address->other));
  else say(SAY_WARNING, "%s is removed: without an agent nobody here knows whether a majority elsewhere serves it", say_address(address));
}

static void remove_due(void) {
  const int64_t now = now_ns();
  size_t told = 0;
  for (size_t i = 0; i < held_count; i++) {
    held[i].leaving = now >= leaves_at(&held[i]);
    if (held[i].leaving && told++ < 3) tell_leaving(&held[i]);
  }
  if (told == 0) return;
  if (told > 3) say(SAY_NOTICE, "so are %zu more", told - 3);
  (void)route_remove();
  for (size_t i = 0; i < held_count; i++) {
    if (held[i].leaving) held[i].retry_ns = now + RETRY_MS * ms;
  }
}

static void look(void) {
  if (route_look()) route_renew(&settings);
  look_at = now_ns() + (settings.lifetime_seconds == 0 ? LOOK_MS * ms : settings.lifetime_seconds * (1000 * ms) / 3);
}

void guard_expect(uint32_t keep_ms) { keep_until = now_ns() + keep_ms * ms; }

static void begin_duty(const char *how) {
  duty_since = now_ns();
  if (sign_at == 0) sign_at = duty_since;
  const bool expecting = keep_until > duty_since && held_count > 0;
  obituary_at = expecting ? keep_until : duty_since;
  if (expecting) {
    say(SAY_NOTICE, "agent %d ended for a restart: its %zu addresses stay for up to %lld s", settings.agent, held_count,
        (long long)((keep_until - duty_since + 500 * ms) / (1000 * ms)));
    say_status("restarting: the guard keeps %zu addresses", held_count);
  } else {
    obituary_send(obituary_round++);
    say(SAY_ERROR, "agent %d %s: its %zu addresses stay until another host announces them", settings.agent, how, held_count);
  }
  look();
  tell_at = obituary_at + ALONE_MS * ms;
}

static void send_obituary_due(int64_t now) {
  if (obituary_round == 0) {
    if (held_count == 0) obituary_at = earlier(obituary_at, now); /* nothing is kept any more */
    else if (now >= obituary_at) say(SAY_ERROR, "no agent has come: the others are told, and take over %zu addresses", held_count);
  }
  while (obituary_round < OBITUARY_ROUNDS && now - obituary_at >= obituary_ms[obituary_round] * ms) obituary_send(obituary_round++);
}

static void tell(void) {
  if (held_count == 0) return;
  say(SAY_ERROR, "no agent runs here and no other host has taken over %zu addresses (%s): they are kept", held_count,
      say_address(&held[0]));
  say_status("no agent: the guard keeps %zu addresses that no other host has taken over", held_count);
  tell_at = now_ns() + STILL_ALONE_MS * ms;
}

/* What is due while on duty. */
static void work(void) {
  const int64_t now = now_ns();
  send_obituary_due(now);
  remove_due();
  if (now >= look_at) {
    if (!door_is_ours()) {
      say(SAY_ERROR, "%s was removed or belongs to another guard: this one ends, the kernel removes what is left", settings.directory);
      exit(1);
    }
    look();
  }
  if (now >= tell_at) tell();
  end_when_empty();
}

static int64_t next_work(void) {
  int64_t next = earlier(look_at, tell_at);
  if (obituary_round < OBITUARY_ROUNDS) next = earlier(next, obituary_at + obituary_ms[obituary_round] * ms);
  for (size_t i = 0; i < held_count; i++) next = earlier(next, leaves_at(&held[i]));
  return next;
}

static void arm_tick(int count) {
  stride = count;
  tick_at = now_ns() + count * settings.tick_ms * ms; /* not a multiple of anything: a pause is one tick */
}

static void count_tick(void) {
  const int64_t span_ns = stride * settings.tick_ms * ms;
  silent_ns += span_ns;
  idled_ns += agent_idled(span_ns);
  arm_tick(1);
}

/* The agent's main loop stands still: judged by ticks of our own and by what it could have run, so that a pause or a shortage is none. */
static void check_hang(void) {
  if (!armed || killed || silent_ns < settings.stopped_ms * ms) return;
  const bool replaced = held_any_announced();
  const bool stopped = agent_state() == 'T';
  const bool hangs = idled_ns >= settings.hang_ms * ms || (stopped && idled_ns >= settings.stopped_ms * ms) ||
                     (replaced && idled_ns >= settings.evidence_ms * ms) ||
                     ((replaced || held_any_fenced()) && silent_ns >= BUSY_LIMITS * settings.hang_ms * ms);
  if (!hangs) return;
  killed = true;
  say(SAY_ERROR, "agent %d hangs: no sign of its main loop for %d ms%s%s: killed", settings.agent, (int)(silent_ns / ms),
      stopped ? ", it is stopped" : "", replaced ? ", another host announces its addresses" : "");
  if (syscall(SYS_pidfd_send_signal, agent_fd, SIGKILL, NULL, 0) != 0 && errno != ESRCH) {
    say(SAY_ERROR, "cannot kill agent %d: %s", settings.agent, strerror(errno));
  }
}

static void hear_agent(void) {
  switch (link_read(link_fd)) {
    case LINK_NOTHING:
      return;
    case LINK_PROGRESS:
      armed = true;
      silent_ns = idled_ns = 0;
      sign_at = now_ns();
      agent_shows_itself();
      arm_tick(STRIDE_AFTER_SIGN);
      held_forget_announced();
      return;
    case LINK_END:
      end(0);
      return;
    case LINK_CLOSED: /* its end, which the pidfd tells as well, or a defect, which the ticks tell */
      close(link_fd);
      link_fd = -1;
      return;
    case LINK_BROKEN:
      say(SAY_ERROR, "what the agent says makes no sense: the guard ends");
      end(1);
  }
}

static size_t release(void) {
  for (size_t i = 0; i < held_count; i++) held[i].leaving = true;
  const size_t removed = route_remove();
  say(SAY_NOTICE, "released on demand: %zu addresses removed", removed);
  say_status("no agent, no addresses");
  return removed;
}

static void answer_door(void) {
  int caller;
  const char question = door_question(door_fd, &caller);
  if (caller < 0) return;
  if (duty_since == 0 || (question != 'h' && question != 'r')) {
    door_refuse(caller);
    return;
  }
  if (question == 'h') {
    (void)route_look();
    if (!door_answer_held(caller)) return;
    say(SAY_NOTICE, "handed over to a new agent: %zu addresses", held_count);
    end(0);
  }
  const size_t removed = release();
  (void)door_answer_count(caller, (uint32_t)removed);
  end(held_count == 0 ? 0 : 1);
}

/* While the agent lives, signals are for it (systemd signals every process of a unit). On duty they ask to make an end. */
static void answer_signal(void) {
  struct signalfd_siginfo info;
  if (read(signal_fd, &info, sizeof(info)) != sizeof(info) || duty_since == 0) return;
  (void)release();
  end(held_count == 0 ? 0 : 1);
}

static int64_t number(const char *text, int64_t least, int64_t most) {
  char *rest;
  errno = 0;
  const long long value = strtoll(text, &rest, 10);
  if (errno == 0 && rest != text && *rest == '\0' && value >= least && value <= most) return value;
  say(SAY_ERROR, "%s is not a number from %lld to %lld", text, (long long)least, (long long)most);
  exit(64);
}

static void prepare(int count, char **arguments) {
  if (count != 8) {
    say(SAY_ERROR, "started by `holdfast agent`, not by hand");
    exit(64);
  }
  settings = (struct settings){
      .agent = (int)number(arguments[1], 1, INT_MAX),
      .directory = arguments[2],
      .tick_ms = (int)number(arguments[3], 1, 1000),
      .hang_ms = (int)number(arguments[4], 1, 100000),
      .evidence_ms = (int)number(arguments[5], 1, 100000),
      .stopped_ms = (int)number(arguments[6], 1, 100000),
      .lifetime_seconds = (int)number(arguments[7], 0, INT_MAX),
  };
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  fcntl(LINK, F_SETFD, FD_CLOEXEC);
  agent_fd = (int)syscall(SYS_pidfd_open, settings.agent, 0);
  if (agent_fd < 0 || getppid() != settings.agent) exit(0); /* it ended before it held anything */
  agent_watch();
  if (signal_fd < 0 || !door_lock(&settings) || (door_fd = door_open(&settings)) < 0 || !route_open() ||
      !watch_open(&arp_fd, &advertisement_fd)) {
    exit(1);
  }
  /* What it needs later must be there when the machine has no memory left. Not permitted everywhere, and no reason to fail. */
  (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  const uint8_t ready[9] = {'A', 0, 0, 0, 0, 0, 0, 1, 0};
  if (write(LINK, ready, sizeof(ready)) != sizeof(ready)) end(0);
}

int main(int count, char **arguments) {
  prepare(count, arguments);
  arm_tick(1);
  for (;;) {
    struct pollfd polled[] = {
        {.fd = duty_since == 0 ? agent_fd : -1, .events = POLLIN},
        {.fd = link_fd, .events = POLLIN},
        {.fd = arp_fd, .events = POLLIN},
        {.fd = advertisement_fd, .events = POLLIN},
        {.fd = signal_fd, .events = POLLIN},
        {.fd = door_fd, .events = POLLIN},
    };
    const int64_t wait = (duty_since == 0 ? tick_at : next_work()) - now_ns();
    if (poll(polled, sizeof(polled) / sizeof(polled[0]), wait <= 0 ? 0 : (int)earlier(wait / ms + 1, 60 * 1000)) < 0) continue;
    if (link_fd >= 0 && polled[1].revents != 0) hear_agent(); /* first: what a dead agent wrote counts */
    if (polled[2].revents != 0) watch_arp(arp_fd);
    if (polled[3].revents != 0) watch_advertisements(advertisement_fd);
    if (duty_since == 0 && polled[0].revents != 0) {
      if (link_fd >= 0) hear_agent(); /* it may have written between the two looks */
      begin_duty(killed ? "is gone" : "died");
    }
    if (duty_since != 0) {
      work();
    } else if (now_ns() >= tick_at) {
      count_tick();
    }
    if (duty_since == 0) check_hang();
    if (polled[4].revents != 0) answer_signal();
    if (polled[5].revents != 0) answer_door();
  }
}
