/*
 * Keeps the program itself in memory. Rejected: mlockall(), with or without MCL_ONFAULT: V8 asserts that
 * madvise(MADV_DONTNEED) works on its code pages, which the kernel refuses for locked ones, so that Node aborts when it
 * frees compiled code or ends a worker (seen with Node 20). What is left out is V8's heap, which the kernel can only evict to
 * swap; the program's text it drops at will under memory pressure, and reads back from disk at every call.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "errors.h"
#include "functions.h"

/* <linux/mman.h>; mlock2() itself is missing from older C libraries. */
enum { MLOCK_ON_FAULT = 1 };

/* Of one line of /proc/self/maps: a mapping of an ordinary file. Devices have inodes too, but their pages are not evicted. */
static bool is_file(const char *permissions, unsigned long inode, const char *path) {
  return permissions[0] == 'r' && inode != 0 && path[0] == '/' && strncmp(path, "/dev/", 5) != 0 &&
         strncmp(path, "/memfd:", 7) != 0;
}

/* Locks pages as they are used, and those in use. 0, or -1 with errno. */
static int lock_files(FILE *maps) {
  char *line = NULL;
  size_t size = 0;
  int result = 0;
  while (result == 0 && getline(&line, &size, maps) >= 0) {
    unsigned long start, end, inode;
    char permissions[5];
    int path = 0;
    int fields = sscanf(line, "%lx-%lx %4s %*s %*s %lu %n", &start, &end, permissions, &inode, &path);
    if (fields != 4 || !is_file(permissions, inode, line + path)) continue;
    if (syscall(SYS_mlock2, start, end - start, MLOCK_ON_FAULT) != 0) result = -1;
  }
  int error = errno;
  free(line);
  errno = error;
  return result;
}

napi_value lock_memory(napi_env env, napi_callback_info info) {
  (void)info;
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return error_throw(env, errno, "open", "Cannot read /proc/self/maps");
  int result = lock_files(maps);
  int error = errno;
  fclose(maps);
  return result == 0 ? NULL : error_throw(env, error, "mlock2", "Cannot lock the program's memory");
}
