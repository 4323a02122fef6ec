/*
 * The agent's death, told to the group in frames that the agent's engine sealed beforehand: the guard has no key. Sockets are
 * opened for each round and closed at once: a new agent binds the same address and port.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guard.h"

static uint8_t kept[MESSAGE_BYTES_MAX];
static size_t kept_length;

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* One path: where from, where to, one frame a round. */
struct path {
  uint8_t family;
  bool multicast;
  uint16_t port;
  uint32_t interface; /* for an IPv6 multicast or link-local address; 0: as the routes say */
  const uint8_t *source;
  uint8_t destination_count;
  const uint8_t *destinations; /* 16 bytes each */
  const uint8_t *frames[OBITUARY_ROUNDS];
  uint16_t frame_lengths[OBITUARY_ROUNDS];
};

/*
 * family 1 | flags 1 (1: multicast) | port 2 | interface 4 | source 16 | destinations: count 1, 16 each | for each round: length 2, bytes.
 * Returns what follows, or NULL where it is malformed.
 */
static const uint8_t *read_path(const uint8_t *at, const uint8_t *end, struct path *path) {
  if (end - at < 25) return NULL;
  path->family = at[0];
  path->multicast = (at[1] & 1) != 0;
  path->port = read_u16(at + 2);
  path->interface = read_u32(at + 4);
  path->source = at + 8;
  path->destination_count = at[24];
  path->destinations = at + 25;
  if (path->family != 4 && path->family != 6) return NULL;
  if (end - path->destinations < 16 * path->destination_count) return NULL;
  at = path->destinations + 16 * path->destination_count;
  for (int round = 0; round < OBITUARY_ROUNDS; round++) {
    if (end - at < 2) return NULL;
    path->frame_lengths[round] = read_u16(at);
    path->frames[round] = at + 2;
    if (end - path->frames[round] < path->frame_lengths[round]) return NULL;
    at = path->frames[round] + path->frame_lengths[round];
  }
  return at;
}

bool obituary_keep(const uint8_t *bytes, size_t length) {
  struct path path;
  if (length > sizeof(kept)) return false;
  for (const uint8_t *at = bytes, *end = bytes + length; at < end;) {
    if ((at = read_path(at, end, &path)) == NULL) return false;
  }
  memcpy(kept, bytes, length);
  kept_length = length;
  return true;
}

static socklen_t fill(union address *address, const struct path *path, const uint8_t *ip, uint16_t port) {
  memset(address, 0, sizeof(*address));
  if (path->family == 4) {
    address->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&address->v4.sin_addr, ip, 4);
    return sizeof(address->v4);
  }
  address->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&address->v6.sin6_addr, ip, 16);
  if (IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr) || IN6_IS_ADDR_MULTICAST(&address->v6.sin6_addr)) {
    address->v6.sin6_scope_id = path->interface;
  }
  return sizeof(address->v6);
}

static int open_source(const struct path *path) {
  union address source;
  int fd = socket(path->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  socklen_t length = fill(&source, path, path->source, path->port);
  /* The port says nothing to the receivers, but may to a firewall. */
  if (bind(fd, &source.any, length) != 0) {
    length = fill(&source, path, path->source, 0);
    (void)bind(fd, &source.any, length);
  }
  if (!path->multicast) return fd;
  const int hops = 1, loop = 0, interface = (int)path->interface;
  if (path->family == 4) {
    struct in_addr own;
    memcpy(&own, path->source, 4);
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &own, sizeof(own));
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops));
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop));
  } else {
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &interface, sizeof(interface));
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &loop, sizeof(loop));
  }
  return fd;
}

/* A path that fails is a path of several, and the others' patience runs out in any case: errors are passed over. */
void obituary_send(int round) {
  struct path path;
  for (const uint8_t *at = kept, *end = kept + kept_length; at < end;) {
    if ((at = read_path(at, end, &path)) == NULL) return;
    int fd = open_source(&path);
    if (fd < 0) continue;
    for (int i = 0; i < path.destination_count; i++) {
      union address to;
      socklen_t length = fill(&to, &path, path.destinations + 16 * i, path.port);
      (void)sendto(fd, path.frames[round], path.frame_lengths[round], MSG_DONTWAIT | MSG_NOSIGNAL, &to.any, length);
    }
    close(fd);
  }
}
