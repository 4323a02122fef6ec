/*
 * One guard for each control directory, by a lock on guard.lock (its content: the pid), and guard.sock there for who comes after the
 * agent: the next agent, and `holdfast release`. Both belong to root alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"

/* A guard that has just handed over needs a moment to end. */
enum { LOCK_ATTEMPTS = 200, LOCK_WAIT_NS = 5 * 1000 * 1000 };

static int lock = -1;
static char lock_path[PATH_MAX];

bool door_is_ours(void) {
  struct stat own, named;
  return fstat(lock, &own) == 0 && stat(lock_path, &named) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Changes into the directory: the path of a socket has 108 bytes at most. */
bool door_lock(const struct settings *settings) {
  const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};
  char pid[16];
  snprintf(lock_path, sizeof(lock_path), "%s/guard.lock", settings->directory);
  if (chdir(settings->directory) != 0) {
    say(SAY_ERROR, "cannot work in %s: %s", settings->directory, strerror(errno));
    return false;
  }
  for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    lock = open("guard.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lock < 0) break;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0 && door_is_ours()) {
      int length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
      if (ftruncate(lock, 0) != 0 || write(lock, pid, (size_t)length) != length) break;
      return true;
    }
    close(lock);
    errno = EAGAIN;
    nanosleep(&wait, NULL);
  }
  if (errno == EAGAIN) say(SAY_ERROR, "another guard has %s locked", lock_path);
  else say(SAY_ERROR, "cannot lock %s: %s", lock_path, strerror(errno));
  return false;
}

int door_open(const struct settings *settings) {
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "guard.sock"};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    (void)unlink(name.sun_path); /* of a guard that was killed: the lock is ours */
    const mode_t before = umask(0077);
    const bool bound = bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    umask(before);
    if (bound && listen(fd, 8) == 0) return fd;
  }
  say(SAY_ERROR, "cannot listen on %s/guard.sock: %s", settings->directory, strerror(errno));
  return -1;
}

/* Before the lock goes, so that it is never another guard's socket. */
void door_close(void) { (void)unlink("guard.sock"); }

char door_question(int listener, int *caller) {
  const struct timeval deadline = {.tv_usec = 100 * 1000};
  char question = 0;
  *caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (*caller < 0) return 0;
  (void)setsockopt(*caller, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
  (void)setsockopt(*caller, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
  return recv(*caller, &question, 1, 0) == 1 ? question : 0;
}

static bool send_all(int fd, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    length -= (size_t)sent;
  }
  return true;
}

static bool send_count(int caller, uint32_t count) {
  uint8_t head[5] = {'Y'};
  write_u32(head + 1, count);
  return send_all(caller, head, sizeof(head));
}

bool door_answer_held(int caller) {
  bool sent = send_count(caller, (uint32_t)held_count);
  for (size_t i = 0; sent && i < held_count; i++) {
    uint8_t record[RECORD_BYTES];
    held_write(record, &held[i]);
    sent = send_all(caller, record, sizeof(record));
  }
  close(caller);
  return sent;
}

bool door_answer_count(int caller, uint32_t count) {
  const bool sent = send_count(caller, count);
  close(caller);
  return sent;
}

void door_refuse(int caller) {
  (void)send_all(caller, (const uint8_t *)"N", 1);
  close(caller);
}
