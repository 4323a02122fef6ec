/*
 * The kernel's addresses, over rtnetlink: the same rules as agent/system/addresses.ts, in the little that is left to do. Ours carry
 * IFA_PROTO 72; what does not is never touched. docs/decisions/kernel.md has the reasons.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "guard.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif
enum { OURS = 72 };
/* Messages in one system call; as many answers fit the default receive buffer many times over. */
enum { BATCH_MAX = 64 };

static int route = -1;
static uint32_t sequence;

bool route_open(void) {
  struct sockaddr_nl self = {.nl_family = AF_NETLINK};
  struct timeval deadline = {.tv_sec = 1};
  int on = 1;
  route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (route >= 0 && bind(route, (struct sockaddr *)&self, sizeof(self)) == 0 &&
      setsockopt(route, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)) == 0) {
    (void)setsockopt(route, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    return true;
  }
  say(SAY_ERROR, "cannot open a netlink socket: %s", strerror(errno));
  return false;
}

/* One datagram of the kernel's; 0 where none came. */
static ssize_t receive(uint8_t *buffer, size_t size) {
  for (;;) {
    struct sockaddr_nl from;
    socklen_t length = sizeof(from);
    ssize_t got = recvfrom(route, buffer, size, 0, (struct sockaddr *)&from, &length);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0 && from.nl_pid != 0) continue; /* any process may write to a netlink socket */
    if (got < 0) say(SAY_ERROR, "the kernel does not answer: %s", strerror(errno));
    return got < 0 ? 0 : got;
  }
}

/* Aligned for nlmsghdr. */
static union {
  struct nlmsghdr header;
  uint8_t bytes[32 * 1024];
} in, out;
static size_t out_length;

/* An address as the kernel tells of it. */
struct found {
  const struct nlmsghdr *message;
  uint32_t interface, flags;
  uint8_t family, prefix, protocol;
  uint8_t ip[16];
};

static bool read_found(const struct nlmsghdr *message, struct found *found) {
  const struct ifaddrmsg *body = NLMSG_DATA(message);
  if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH(sizeof(*body))) return false;
  if (body->ifa_family != AF_INET && body->ifa_family != AF_INET6) return false;
  *found = (struct found){
      .message = message,
      .interface = body->ifa_index,
      .flags = body->ifa_flags,
      .family = body->ifa_family == AF_INET ? 4 : 6,
      .prefix = body->ifa_prefixlen,
  };
  const size_t bytes = found->family == 4 ? 4 : 16;
  int left = (int)IFA_PAYLOAD(message);
  bool local = false;
  for (const struct rtattr *each = IFA_RTA(body); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
    const size_t length = RTA_PAYLOAD(each);
    if (each->rta_type == IFA_LOCAL && length == bytes) {
      memcpy(found->ip, RTA_DATA(each), bytes);
      local = true;
    } else if (each->rta_type == IFA_ADDRESS && length == bytes && !local) {
      memcpy(found->ip, RTA_DATA(each), bytes); /* IPv6 mostly has this alone */
    } else if (each->rta_type == IFA_FLAGS && length == 4) {
      memcpy(&found->flags, RTA_DATA(each), 4);
    } else if (each->rta_type == IFA_PROTO && length == 1) {
      memcpy(&found->protocol, RTA_DATA(each), 1);
    }
  }
  return true;
}

/* Every address of the host; again where the kernel says that the list changed meanwhile. */
static bool dump(void (*begin)(void), void (*each)(const struct found *found)) {
  for (int attempt = 0; attempt < 3; attempt++) {
    struct {
      struct nlmsghdr header;
      struct ifaddrmsg body;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = RTM_GETADDR,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = ++sequence},
    };
    bool done = false, consistent = true;
    if (send(route, &request, sizeof(request), 0) < 0) {
      say(SAY_ERROR, "cannot ask the kernel for its addresses: %s", strerror(errno));
      return false;
    }
    begin();
    while (!done) {
      ssize_t length = receive(in.bytes, sizeof(in.bytes));
      if (length <= 0) return false;
      unsigned int left = (unsigned int)length;
      for (const struct nlmsghdr *message = &in.header; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
        struct found found;
        if (message->nlmsg_seq != sequence) continue; /* an answer that came too late */
        if (message->nlmsg_flags & NLM_F_DUMP_INTR) consistent = false;
        if (message->nlmsg_type == NLMSG_DONE) done = true;
        if (message->nlmsg_type == NLMSG_ERROR) return false;
        if (read_found(message, &found)) each(&found);
      }
    }
    if (consistent) return true;
  }
  return true; /* of a list that keeps changing the last one is near enough */
}

static struct held *held_of(const struct found *found) {
  for (size_t i = 0; i < held_count; i++) {
    if (held[i].interface == found->interface && held[i].family == found->family && held[i].prefix == found->prefix &&
        memcmp(held[i].ip, found->ip, 16) == 0) {
      return &held[i];
    }
  }
  return NULL;
}

static void forget_presence(void) {
  for (size_t i = 0; i < held_count; i++) held[i].present = false;
}

static void note_presence(const struct found *found) {
  struct held *address = found->protocol == OURS ? held_of(found) : NULL;
  if (address == NULL) return;
  address->present = true;
  address->secondary = found->family == 4 && (found->flags & IFA_F_SECONDARY) != 0;
  address->permanent = (found->flags & IFA_F_PERMANENT) != 0;
}

bool route_look(void) {
  if (!dump(forget_presence, note_presence)) return false;
  for (size_t i = held_count; i-- > 0;) {
    if (!held[i].present) held_drop_at(i);
  }
  return true;
}

static void add_attribute(struct nlmsghdr *message, unsigned short type, const void *data, size_t length) {
  struct rtattr *attribute = (struct rtattr *)((uint8_t *)message + NLMSG_ALIGN(message->nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(length);
  memcpy(RTA_DATA(attribute), data, length);
  message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

/* Room for one more of `bytes` must be there: a batch of the largest fits. */
static struct nlmsghdr *append(uint16_t type, uint16_t flags, const struct held *address) {
  struct nlmsghdr *message = (struct nlmsghdr *)(out.bytes + out_length);
  memset(message, 0, 256);
  message->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg));
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
  message->nlmsg_seq = ++sequence;
  struct ifaddrmsg *body = NLMSG_DATA(message);
  body->ifa_family = address->family == 4 ? AF_INET : AF_INET6;
  body->ifa_prefixlen = address->prefix;
  body->ifa_index = address->interface;
  const size_t bytes = address->family == 4 ? 4 : 16;
  add_attribute(message, IFA_LOCAL, address->ip, bytes);
  add_attribute(message, IFA_ADDRESS, address->ip, bytes);
  return message;
}

/* Sends what was appended, and gives each answer (0, or an errno) by the order of its message. */
static bool flush(uint32_t first, int *errors, size_t count) {
  size_t answered = 0;
  for (size_t i = 0; i < count; i++) errors[i] = ETIMEDOUT;
  ssize_t sent = send(route, out.bytes, out_length, 0);
  out_length = 0;
  if (sent < 0) {
    say(SAY_ERROR, "cannot ask the kernel: %s", strerror(errno));
    return false;
  }
  while (answered < count) {
    ssize_t length = receive(in.bytes, sizeof(in.bytes));
    if (length <= 0) return false;
    unsigned int left = (unsigned int)length;
    for (const struct nlmsghdr *message = &in.header; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_seq - first >= count) continue;
      errors[message->nlmsg_seq - first] = -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
      answered++;
    }
  }
  return true;
}

static void finish(void) {
  struct nlmsghdr *last = (struct nlmsghdr *)(out.bytes + out_length);
  out_length += NLMSG_ALIGN(last->nlmsg_len);
}

/*
 * With IFA_F_MCAUTOJOIN the kernel cannot create what is gone (EINVAL), and changes what is there without looking at the flag.
 * An IPv6 address that is there for ever stays so: giving it a lifetime would make the route of its prefix expire.
 */
void route_renew(const struct settings *settings) {
  if (settings->lifetime_seconds == 0) return;
  for (size_t at = 0; at < held_count;) {
    int errors[BATCH_MAX];
    size_t of[BATCH_MAX], count = 0;
    const uint32_t first = sequence + 1;
    for (; at < held_count && count < BATCH_MAX; at++) {
      const struct held *address = &held[at];
      if (address->other_ns != 0 || !address->present || (address->family == 6 && address->permanent)) continue;
      const uint32_t lifetime = (uint32_t)settings->lifetime_seconds;
      const struct ifa_cacheinfo times = {.ifa_valid = lifetime, .ifa_prefered = address->family == 4 || address->preferred ? lifetime : 0};
      const uint32_t flags = IFA_F_MCAUTOJOIN | (address->family == 6 ? IFA_F_NODAD : 0);
      const uint8_t protocol = OURS;
      struct nlmsghdr *message = append(RTM_NEWADDR, NLM_F_REPLACE, address);
      add_attribute(message, IFA_FLAGS, &flags, sizeof(flags));
      add_attribute(message, IFA_PROTO, &protocol, sizeof(protocol));
      add_attribute(message, IFA_CACHEINFO, &times, sizeof(times));
      finish();
      of[count++] = at;
    }
    if (count == 0) break;
    if (!flush(first, errors, count)) return;
    for (size_t i = 0; i < count; i++) {
      if (errors[i] == 0 || errors[i] == EINVAL || errors[i] == ENODEV) continue; /* gone: the next look says so */
      say(SAY_ERROR, "cannot renew %s: %s", say_address(&held[of[i]]), strerror(errors[i]));
    }
  }
}

/*
 * IPv4 addresses that the kernel removes along with their primary, whosever they are, unless promote_secondaries is set: kept as the
 * kernel told of them, to be added again in the same system call. What was promoted instead answers EEXIST.
 */
static union {
  struct nlmsghdr header;
  uint8_t bytes[1024 * 1024]; /* some 10,000; no memory until they are there */
} siblings;
static size_t siblings_length;

static bool same_subnet(const struct held *a, const struct found *b) {
  const uint32_t mask = a->prefix == 0 ? 0 : ~(uint32_t)0 << (32 - a->prefix);
  return a->interface == b->interface && a->prefix == b->prefix && ((read_u32(a->ip) ^ read_u32(b->ip)) & mask) == 0;
}

static void forget_siblings(void) { siblings_length = 0; }

static void note_sibling(const struct found *found) {
  if (found->family != 4 || (found->flags & IFA_F_SECONDARY) == 0) return;
  const struct held *own = found->protocol == OURS ? held_of(found) : NULL;
  if (own != NULL && own->leaving) return; /* goes as well */
  for (size_t i = 0; i < held_count; i++) {
    if (held[i].family != 4 || held[i].secondary || !held[i].leaving || !same_subnet(&held[i], found)) continue;
    const size_t length = NLMSG_ALIGN(found->message->nlmsg_len);
    if (siblings_length + length > sizeof(siblings.bytes)) return;
    struct nlmsghdr *copy = (struct nlmsghdr *)(siblings.bytes + siblings_length);
    memcpy(copy, found->message, found->message->nlmsg_len);
    copy->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    struct ifaddrmsg *body = NLMSG_DATA(copy);
    body->ifa_flags = 0;
    int left = (int)IFA_PAYLOAD(copy);
    for (struct rtattr *each = IFA_RTA(body); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
      const uint32_t flags = found->flags & IFA_F_NOPREFIXROUTE;
      if (each->rta_type == IFA_FLAGS) memcpy(RTA_DATA(each), &flags, sizeof(flags));
    }
    siblings_length += length;
    return;
  }
}

/* Those from `*at` on, as many as go into one system call. */
static size_t append_siblings(size_t *at) {
  size_t count = 0;
  while (*at < siblings_length && count < BATCH_MAX) {
    const struct nlmsghdr *kept = (const struct nlmsghdr *)(siblings.bytes + *at);
    struct nlmsghdr *message = (struct nlmsghdr *)(out.bytes + out_length);
    memcpy(message, kept, kept->nlmsg_len);
    message->nlmsg_seq = ++sequence;
    finish();
    *at += NLMSG_ALIGN(kept->nlmsg_len);
    count++;
  }
  return count;
}

/* The next batch: of the secondaries, or of the rest. Its answers decide what is left in the table. */
static size_t remove_batch(bool secondaries) {
  int errors[2 * BATCH_MAX];
  size_t of[BATCH_MAX], count = 0, removed = 0;
  const uint32_t first = sequence + 1;
  for (size_t i = 0; i < held_count && count < BATCH_MAX; i++) {
    if (held[i].secondary != secondaries || !held[i].leaving) continue;
    append(RTM_DELADDR, 0, &held[i]);
    finish();
    of[count++] = i;
  }
  if (count == 0) return 0;
  size_t sibling = secondaries ? siblings_length : 0;
  const size_t together = append_siblings(&sibling);
  if (!flush(first, errors, count + together)) return 0;
  while (sibling < siblings_length) {
    int refusals[BATCH_MAX]; /* EEXIST: it was promoted instead */
    const uint32_t next = sequence + 1;
    if (!flush(next, refusals, append_siblings(&sibling))) break;
  }
  for (size_t i = count; i-- > 0;) { /* from the end: dropping moves the last one */
    struct held *address = &held[of[i]];
    if (errors[i] != 0 && errors[i] != EADDRNOTAVAIL && errors[i] != ENODEV) {
      say(SAY_ERROR, "cannot remove %s: %s", say_address(address), strerror(errors[i]));
      continue;
    }
    held_drop_at(of[i]);
    removed++;
  }
  return removed;
}

/* Secondaries first: a primary takes along or promotes only what stays. */
size_t route_remove(void) {
  size_t removed = 0;
  if (!route_look() || !dump(forget_siblings, note_sibling)) return 0;
  for (int secondaries = 1; secondaries >= 0; secondaries--) {
    for (size_t gone; (gone = remove_batch(secondaries == 1)) > 0;) removed += gone;
  }
  return removed;
}
