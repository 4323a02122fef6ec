/* Preloaded: the first FAILURES calls of recvmsg() on a netlink socket fail with EIO and leave the data where it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  static int failures = -1;
  ssize_t (*real)(int, struct msghdr *, int) = (ssize_t (*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
  int domain = 0;
  socklen_t size = sizeof(domain);
  if (failures < 0) failures = atoi(getenv("FAILURES"));
  if (failures == 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) {
    return real(fd, message, flags);
  }
  failures--;
  errno = EIO;
  return -1;
}
