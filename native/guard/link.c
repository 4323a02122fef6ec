/*
 * What the agent tells its guard, over the socketpair it was started with: type 1 | 0 | sequence 2 | length 4 | body. 'H' hold and
 * 'D' drop: records; 'O' obituary; 'K' keep, milliseconds 4; 'P' a sign of the main loop; 'E' end. All but 'P' and 'E' are acknowledged when they are carried out:
 * 'A' | 0 | sequence | 1, 0 done or 1 refused.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guard.h"

enum { HEADER_BYTES = 8 };
static uint8_t inbox[HEADER_BYTES + MESSAGE_BYTES_MAX];
static size_t inbox_length;

static bool carry_out(uint8_t type, const uint8_t *body, size_t length) {
  bool done = true;
  if (type == 'O') return obituary_keep(body, length);
  if (type == 'K') {
    if (length != 4) return false;
    guard_expect(read_u32(body));
    return true;
  }
  if (length % RECORD_BYTES != 0) return false;
  for (size_t at = 0; at < length; at += RECORD_BYTES) {
    const uint8_t *record = body + at;
    if ((record[4] != 4 && record[4] != 6) || record[5] > (record[4] == 4 ? 32 : 128)) return false;
    if (type == 'H') done = held_put(record) && done;
    else held_drop(record);
  }
  return done;
}

static enum link_event take(int fd, const uint8_t *message, size_t length) {
  switch (message[0]) {
    case 'P':
      return LINK_PROGRESS;
    case 'E':
      return LINK_END;
    case 'H':
    case 'D':
    case 'O':
    case 'K': {
      const bool done = carry_out(message[0], message + HEADER_BYTES, length);
      const uint8_t answer[HEADER_BYTES + 1] = {'A', 0, message[2], message[3], 0, 0, 0, 1, done ? 0 : 1};
      (void)send(fd, answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL); /* who does not read will run into its deadline */
      return LINK_NOTHING;
    }
    default:
      return LINK_BROKEN;
  }
}

enum link_event link_read(int fd) {
  enum link_event worst = LINK_NOTHING;
  for (;;) {
    ssize_t got = recv(fd, inbox + inbox_length, sizeof(inbox) - inbox_length, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN ? worst : (worst > LINK_CLOSED ? worst : LINK_CLOSED);
    if (got == 0) return worst > LINK_CLOSED || worst == LINK_END ? worst : LINK_CLOSED;
    inbox_length += (size_t)got;
    size_t at = 0;
    while (inbox_length - at >= HEADER_BYTES) {
      const uint32_t length = read_u32(inbox + at + 4);
      if (length > MESSAGE_BYTES_MAX) return LINK_BROKEN;
      if (inbox_length - at < HEADER_BYTES + length) break;
      const enum link_event event = take(fd, inbox + at, length);
      if (event > worst) worst = event;
      at += HEADER_BYTES + length;
    }
    memmove(inbox, inbox + at, inbox_length - at);
    inbox_length -= at;
  }
}
