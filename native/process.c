/* Calls about the thread and the process that Node lacks. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "errors.h"
#include "functions.h"
#include "options.h"

napi_value set_thread_realtime(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  struct options options;
  int64_t priority;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok) return error_throw_pending(env);
  if (!options_open(&options, env, "setThreadRealtime", argument) ||
      !options_integer(&options, "priority", 1, 99, &priority)) {
    return NULL;
  }
  /* Linux takes 0 for the calling thread, not for the process. */
  struct sched_param parameters = {.sched_priority = (int)priority};
  if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) != 0) {
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
