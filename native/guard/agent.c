/*
 * The agent's main thread as the kernel sees it. One that waits for a processor is slow, as everything on that machine is, and does
 * not hang. Told by schedstat (what it ran, and what it waited in the run queue) and the state in stat, both of the main thread.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"

static int stat_fd = -1, schedstat_fd = -1;
static int64_t ran_ns, waited_ns;

static int open_file(const char *name) {
  char path[48];
  snprintf(path, sizeof(path), "/proc/%d/%s", settings.agent, name);
  return open(path, O_RDONLY | O_CLOEXEC);
}

/* False where the kernel does not count (built without CONFIG_SCHED_INFO): then all time counts as if it had run. */
static bool read_times(int64_t *ran, int64_t *waited) {
  char text[96];
  long long first, second;
  const ssize_t length = schedstat_fd < 0 ? -1 : pread(schedstat_fd, text, sizeof(text) - 1, 0);
  if (length <= 0) return false;
  text[length] = '\0';
  if (sscanf(text, "%lld %lld", &first, &second) != 2) return false;
  *ran = first;
  *waited = second;
  return true;
}

void agent_watch(void) {
  stat_fd = open_file("stat");
  schedstat_fd = open_file("schedstat");
  agent_shows_itself();
}

void agent_shows_itself(void) { (void)read_times(&ran_ns, &waited_ns); }

/* T: by SIGSTOP, not late, but standing. One that a debugger holds has another state. R: it runs, or waits for a processor. */
char agent_state(void) {
  char text[512];
  const ssize_t length = stat_fd < 0 ? -1 : pread(stat_fd, text, sizeof(text) - 1, 0);
  if (length <= 0) return '?';
  text[length] = '\0';
  const char *name_end = strrchr(text, ')'); /* the name may hold anything */
  return name_end != NULL && name_end[1] == ' ' ? name_end[2] : '?';
}

/*
 * The wait that goes on is not in the kernel's count before it ends: of a thread that is runnable only what it ran counts. Of any other
 * all but what it waited.
 */
int64_t agent_idled(int64_t span_ns) {
  int64_t ran, waited;
  if (!read_times(&ran, &waited)) return span_ns;
  const int64_t could = agent_state() == 'R' ? ran - ran_ns : span_ns - (waited - waited_ns);
  ran_ns = ran;
  waited_ns = waited;
  return could < 0 ? 0 : could > span_ns ? span_ns : could;
}
