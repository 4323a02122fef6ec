/*
 * Preloaded: the kernel refuses to add the addresses of REFUSED ("10.0.0.5=105 10.0.0.6=1": IPv4, and an errno), and those alone. Such
 * a request goes to an interface that is not there, in whatever datagram it is, and the answer to it is given that errno: what
 * this kernel says by itself only where it has no memory left, or a security module refuses.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { NOWHERE = 0x7fffffff, OPEN_MAX = 64, BYTES_MAX = 64 * 1024 };
static struct {
  unsigned int sequence;
  int error;
} open_requests[OPEN_MAX];

static int is_route(int fd) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

/* 0: not refused. */
static int error_of(struct ifaddrmsg *body, int left) {
  for (struct rtattr *each = IFA_RTA(body); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
    if (each->rta_type != IFA_LOCAL || RTA_PAYLOAD(each) != 4) continue;
    char ip[INET_ADDRSTRLEN + 1];
    inet_ntop(AF_INET, RTA_DATA(each), ip, INET_ADDRSTRLEN);
    const char *entry = strstr(getenv("REFUSED"), strcat(ip, "="));
    return entry == NULL ? 0 : atoi(entry + strlen(ip));
  }
  return 0;
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t to_length) {
  static _Alignas(struct nlmsghdr) char copy[BYTES_MAX];
  ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
      (ssize_t(*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "sendto");
  if (length > sizeof(copy) || !is_route(fd)) return real(fd, data, length, flags, to, to_length);
  memcpy(copy, data, length);
  unsigned int left = (unsigned int)length;
  for (struct nlmsghdr *message = (struct nlmsghdr *)copy; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
    if (message->nlmsg_type != RTM_NEWADDR || (message->nlmsg_flags & NLM_F_CREATE) == 0) continue;
    const int error = error_of(NLMSG_DATA(message), (int)IFA_PAYLOAD(message));
    if (error == 0) continue;
    ((struct ifaddrmsg *)NLMSG_DATA(message))->ifa_index = NOWHERE;
    open_requests[message->nlmsg_seq % OPEN_MAX].sequence = message->nlmsg_seq;
    open_requests[message->nlmsg_seq % OPEN_MAX].error = error;
  }
  return real(fd, copy, length, flags, to, to_length);
}

ssize_t recvmsg(int fd, struct msghdr *into, int flags) {
  ssize_t (*real)(int, struct msghdr *, int) = (ssize_t(*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
  const ssize_t length = real(fd, into, flags);
  if (length <= 0 || into->msg_iovlen != 1 || (size_t)length > into->msg_iov[0].iov_len || !is_route(fd)) return length;
  unsigned int left = (unsigned int)length;
  for (struct nlmsghdr *message = into->msg_iov[0].iov_base; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
    const unsigned int place = message->nlmsg_seq % OPEN_MAX;
    if (message->nlmsg_type != NLMSG_ERROR || open_requests[place].sequence != message->nlmsg_seq) continue;
    ((struct nlmsgerr *)NLMSG_DATA(message))->error = -open_requests[place].error;
    message->nlmsg_flags &= (unsigned short)~NLM_F_ACK_TLVS; /* the kernel's words are about the interface */
    open_requests[place].sequence = 0;
  }
  return length;
}
