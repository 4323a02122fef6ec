/*
 * Listens for others who announce an address: ARP whose sender it is (RFC 5227 §2.4; a probe has sender 0.0.0.0), and neighbour
 * advertisements (RFC 4861 §4.4). Open from the start, not only once the agent is gone: a successor may be fast, and where the agent
 * hangs the others take over before the guard is sure. The filters keep ordinary traffic from waking it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guard.h"

/* Requests for the sender's own address, and replies to all or from it to itself: what announcements look like. */
static struct sock_filter announcing_arp[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28),                  /* sender IP */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0),            /* a probe */
    BPF_STMT(BPF_MISC | BPF_TAX, 0),                         /* kept in X */
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 38),                  /* target IP */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),            /* the same */
    BPF_STMT(BPF_RET | BPF_K, 64),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

static struct sock_filter advertisement[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),                  /* next header */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),           /* ICMPv6 */
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),                  /* its type */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 128),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

/* A thousand announcements at once; the kernel counts some 800 bytes for each. */
enum { RECEIVE_BYTES = 2 * 1024 * 1024 };

static int open_packet(uint16_t protocol, struct sock_filter *filter, unsigned short length) {
  struct sock_fprog program = {.len = length, .filter = filter};
  struct sockaddr_ll everywhere = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
  int bytes = RECEIVE_BYTES;
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* protocol 0: nothing before it is bound */
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
      bind(fd, (struct sockaddr *)&everywhere, sizeof(everywhere)) != 0) {
    close(fd);
    return -1;
  }
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
  return fd;
}

bool watch_open(int *arp, int *advertisements) {
  *arp = open_packet(ETH_P_ARP, announcing_arp, sizeof(announcing_arp) / sizeof(announcing_arp[0]));
  *advertisements = open_packet(ETH_P_IPV6, advertisement, sizeof(advertisement) / sizeof(advertisement[0]));
  if (*arp >= 0 && *advertisements >= 0) return true;
  say(SAY_ERROR, "cannot listen for announcements: %s", strerror(errno));
  return false;
}

/* The next frame, or 0 where there is none. Errors (an interface went down) are no frames either. */
static size_t next_frame(int fd, uint8_t *frame, size_t size, uint32_t *interface) {
  for (;;) {
    struct sockaddr_ll from;
    socklen_t length = sizeof(from);
    ssize_t got = recvfrom(fd, frame, size, 0, (struct sockaddr *)&from, &length);
    if (got < 0 && (errno == ENETDOWN || errno == EINTR)) continue;
    if (got < 0) return 0;
    *interface = (uint32_t)from.sll_ifindex;
    if (from.sll_pkttype != PACKET_OUTGOING) return (size_t)got;
  }
}

void watch_arp(int fd) {
  static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};
  uint8_t frame[64];
  uint32_t interface;
  for (size_t length; (length = next_frame(fd, frame, sizeof(frame), &interface)) > 0;) {
    if (length < 42 || memcmp(frame + 14, ethernet_ipv4, 6) != 0) continue;
    held_announced(interface, 4, frame + 28, frame + 22, now_ns());
  }
}

void watch_advertisements(int fd) {
  uint8_t frame[128];
  uint32_t interface;
  for (size_t length; (length = next_frame(fd, frame, sizeof(frame), &interface)) > 0;) {
    /* 14 Ethernet, 40 IPv6, 8 ICMPv6, 16 target, 8 the link-layer option that a multicast one must have */
    if (length < 86 || frame[21] != 255 || frame[78] != 2 || frame[79] != 1) continue;
    held_announced(interface, 6, frame + 62, frame + 80, now_ns());
  }
}
