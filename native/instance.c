#include "instance.h"

#include <errno.h>
#include <stdlib.h>

#include "errors.h"
#include "socket.h"

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

/* Frees the instance: the environment waits for this hook, and for nothing else, before it finalizes its data. */
static void end_if_idle(struct instance *instance) {
  if (instance->ending && instance->handles == 0) napi_remove_async_cleanup_hook(instance->hook);
}

/* Asynchronous, because a worker whose loop still has a closing handle when it ends aborts the process. */
static void end(napi_async_cleanup_hook_handle hook, void *data) {
  struct instance *instance = data;
  (void)hook;
  instance->ending = true;
  while (instance->sockets != NULL) socket_close(instance->sockets);
  end_if_idle(instance);
}

bool instance_create(napi_env env) {
  struct instance *instance = calloc(1, sizeof(*instance));
  if (instance == NULL) {
    error_throw(env, ENOMEM, "malloc", "Cannot load the addon");
    return false;
  }
  instance->env = env;
  if (napi_get_uv_event_loop(env, &instance->loop) != napi_ok ||
      napi_set_instance_data(env, instance, finalize, NULL) != napi_ok) {
    free(instance);
    error_throw_pending(env);
    return false;
  }
  if (napi_add_async_cleanup_hook(env, end, instance, &instance->hook) == napi_ok) return true;
  error_throw_pending(env);
  return false;
}

struct instance *instance_of(napi_env env) {
  struct instance *instance = NULL;
  if (napi_get_instance_data(env, (void **)&instance) != napi_ok || instance == NULL || instance->ending) {
    error_throw(env, ECANCELED, "open", "Cannot open a socket in an environment that ends");
    return NULL;
  }
  return instance;
}

void instance_handle_closed(struct instance *instance) {
  instance->handles--;
  end_if_idle(instance);
}
