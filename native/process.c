/* Calls about the thread and the process that Node lacks. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "errors.h"
#include "functions.h"
#include "options.h"

napi_value set_thread_realtime(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  struct options options;
  int64_t priority, thread = 0; /* Linux takes 0 for the calling thread, not for the process. */
  bool other = false;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok) return error_throw_pending(env);
  if (!options_open(&options, env, "setThreadRealtime", argument) ||
      !options_integer(&options, "priority", 0, 99, &priority) || !options_has(&options, "thread", &other) ||
      (other && !options_integer(&options, "thread", 1, INT32_MAX, &thread))) {
    return NULL;
  }
  const int policy = priority == 0 ? SCHED_OTHER : SCHED_RR;
  struct sched_param parameters = {.sched_priority = (int)priority};
  if (sched_setscheduler((pid_t)thread, policy | SCHED_RESET_ON_FORK, &parameters) != 0) {
    return error_throw(env, errno, "sched_setscheduler", "Cannot set real-time priority %d", (int)priority);
  }
  return NULL;
}

napi_value effective_capabilities(napi_env env, napi_callback_info info) {
  (void)info;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
  if (syscall(SYS_capget, &header, data) != 0) {
    return error_throw(env, errno, "capget", "Cannot read the capabilities");
  }
  napi_value result;
  uint64_t mask = (uint64_t)data[1].effective << 32 | data[0].effective;
  if (napi_create_bigint_uint64(env, mask, &result) != napi_ok) return error_throw_pending(env);
  return result;
}

/* A string of its own, which the caller frees; NULL with an exception pending where it is none, or holds a NUL. */
static char *copy_string(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    error_throw_type(env, "replaceProcess: arguments must be strings");
    return NULL;
  }
  char *text = malloc(length + 1);
  if (text == NULL) {
    error_throw(env, ENOMEM, "malloc", "replaceProcess");
  } else if (napi_get_value_string_utf8(env, value, text, length + 1, NULL) != napi_ok) {
    free(text);
    text = NULL;
    error_throw_pending(env);
  } else if (strlen(text) != length) {
    free(text);
    text = NULL;
    error_throw_type(env, "replaceProcess: arguments must not contain a NUL");
  }
  return text;
}

napi_value replace_process(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_value list;
  struct options options;
  uint32_t length;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok) return error_throw_pending(env);
  if (!options_open(&options, env, "replaceProcess", argument) ||
      !options_array(&options, "arguments", &list, &length)) {
    return NULL;
  }
  if (length == 0) {
    error_throw_range(env, "replaceProcess: arguments must begin with the program");
    return NULL;
  }
  char **arguments = calloc((size_t)length + 1, sizeof(*arguments));
  if (arguments == NULL) return error_throw(env, ENOMEM, "malloc", "replaceProcess");
  bool complete = true;
  for (uint32_t index = 0; complete && index < length; index++) {
    napi_value value;
    if (napi_get_element(env, list, index, &value) != napi_ok) {
      error_throw_pending(env);
      complete = false;
    } else {
      arguments[index] = copy_string(env, value);
      complete = arguments[index] != NULL;
    }
  }
  if (complete) {
    /* Node closes them at an execve: child processes are given theirs anew. */
    for (int stream = 0; stream <= 2; stream++) fcntl(stream, F_SETFD, 0);
    execv(arguments[0], arguments);
    error_throw(env, errno, "execv", "Cannot run %s", arguments[0]);
  }
  for (uint32_t index = 0; index < length; index++) free(arguments[index]);
  free(arguments);
  return NULL;
}
