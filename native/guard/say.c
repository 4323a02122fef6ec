/* What the guard says: one line each on standard error, as the agent does, and a status for systemd. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void say(enum level level, const char *format, ...) {
  char text[512], line[640];
  int length;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (getenv("JOURNAL_STREAM") != NULL) {
    length = snprintf(line, sizeof(line), "<%d>guard: %s\n", level, text);
  } else {
    static const char *const names[] = {[SAY_ERROR] = "error: ", [SAY_WARNING] = "warning: ", [SAY_NOTICE] = "notice: "};
    struct timespec now;
    struct tm utc;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    length = snprintf(line, sizeof(line), "%s.%03ldZ %sguard: %s\n", stamp, now.tv_nsec / 1000000, names[level], text);
  }
  /* Nobody may read it any more: no reason to stop. */
  if (write(STDERR_FILENO, line, (size_t)length) < 0) return;
}

void say_status(const char *format, ...) {
  const char *name = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  char text[512] = "STATUS=";
  va_list arguments;
  if (name == NULL || (name[0] != '/' && name[0] != '@') || strlen(name) >= sizeof(to.sun_path)) return;
  memcpy(to.sun_path, name, strlen(name));
  if (name[0] == '@') to.sun_path[0] = '\0';
  va_start(arguments, format);
  vsnprintf(text + 7, sizeof(text) - 7, format, arguments);
  va_end(arguments);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  /* A service manager that does not listen is no reason to stop either. */
  (void)sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, length);
  close(fd);
}

const char *say_address(const struct held *address) {
  static char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 16];
  char ip[INET6_ADDRSTRLEN], interface[IF_NAMESIZE];
  inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->ip, ip, sizeof(ip));
  if (if_indextoname(address->interface, interface) == NULL) snprintf(interface, sizeof(interface), "(gone)");
  snprintf(text, sizeof(text), "%s/%u on %s", ip, address->prefix, interface);
  return text;
}

const char *say_mac(const uint8_t mac[6]) {
  static char text[18];
  snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return text;
}
