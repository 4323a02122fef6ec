/* A lock that ends with its process, however that ends: flock(2) on a file that stays. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "functions.h"
#include "options.h"

/* How often the file may be replaced between being opened and being locked. */
enum { ATTEMPTS_MAX = 10 };

struct lock {
  int fd;
  /* Strong while held: a lock whose object is dropped is not given up at some later moment by the collector. */
  napi_ref self;
};

static const napi_type_tag lock_tag = {0x5c0e7a94d21f4b68, 0xb3e19d4477ac620f};

static void release(napi_env env, struct lock *lock) {
  if (lock->fd < 0) return;
  close(lock->fd);
  lock->fd = -1;
  napi_delete_reference(env, lock->self);
}

static void on_finalized(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct lock *lock = data;
  if (lock->fd >= 0) close(lock->fd);
  free(lock);
}

static napi_value js_release(napi_env env, napi_callback_info info) {
  size_t count = 0;
  napi_value self;
  bool tagged = false;
  struct lock *lock = NULL;
  if (napi_get_cb_info(env, info, &count, NULL, &self, NULL) != napi_ok) return error_throw_pending(env);
  if (napi_check_object_type_tag(env, self, &lock_tag, &tagged) != napi_ok || !tagged ||
      napi_unwrap(env, self, (void **)&lock) != napi_ok) {
    error_throw_type(env, "Illegal invocation: this is not a file lock");
    return NULL;
  }
  release(env, lock);
  return NULL;
}

static napi_value create_object(napi_env env, int fd) {
  napi_value object;
  struct lock *lock = calloc(1, sizeof(*lock));
  if (lock == NULL) {
    close(fd);
    return error_throw(env, ENOMEM, "malloc", "Cannot lock a file");
  }
  lock->fd = fd;
  const napi_property_descriptor properties[] = {
      {.utf8name = "release", .method = js_release, .attributes = napi_default},
  };
  if (napi_create_object(env, &object) != napi_ok || napi_define_properties(env, object, 1, properties) != napi_ok ||
      napi_type_tag_object(env, object, &lock_tag) != napi_ok ||
      napi_create_reference(env, object, 1, &lock->self) != napi_ok ||
      napi_wrap(env, object, lock, on_finalized, NULL, NULL) != napi_ok) {
    if (lock->self != NULL) napi_delete_reference(env, lock->self);
    close(fd);
    free(lock);
    return error_throw_pending(env);
  }
  return object;
}

/* Whether `path` still names the open file: who removed and made it anew would lock another one. */
static bool is_current(int fd, const char *path) {
  struct stat open_file, named_file;
  return fstat(fd, &open_file) == 0 && lstat(path, &named_file) == 0 && open_file.st_dev == named_file.st_dev &&
         open_file.st_ino == named_file.st_ino;
}

static bool write_pid(int fd) {
  char text[32];
  int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
  if (ftruncate(fd, 0) != 0) return false;
  ssize_t written = pwrite(fd, text, (size_t)length, 0);
  if (written >= 0 && written != length) errno = ENOSPC;
  return written == length;
}

/* The locked file, or -1 with errno and the name of the call that failed. */
static int open_locked(const char *path, const char **syscall) {
  for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    *syscall = "open";
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) return -1;
    *syscall = "flock";
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
      if (is_current(fd, path)) return fd;
      close(fd);
      continue;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  errno = EBUSY;
  return -1;
}

napi_value lock_file(napi_env env, napi_callback_info info) {
  size_t count = 1;
  size_t length;
  napi_value argument;
  struct options options;
  char path[PATH_MAX];
  const char *syscall;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok) return error_throw_pending(env);
  if (!options_open(&options, env, "lockFile", argument) ||
      !options_string(&options, "path", path, sizeof(path), &length)) {
    return NULL;
  }
  if (length == 0 || strlen(path) != length) {
    error_throw_type(env, "lockFile: path must not be empty or contain a NUL");
    return NULL;
  }
  int fd = open_locked(path, &syscall);
  if (fd < 0) return error_throw(env, errno, syscall, "Cannot lock %s", path);
  if (!write_pid(fd)) {
    int error = errno;
    close(fd);
    return error_throw(env, error, "write", "Cannot write the process id to %s", path);
  }
  return create_object(env, fd);
}
