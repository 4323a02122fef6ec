/*
 * uv_poll rather than a thread of our own: a callback runs on the thread that opened the socket, in its loop's order,
 * and an idle socket costs nothing.
 */
#include "socket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "close.h"
#include "errors.h"

/* Datagrams delivered before the loop gets to its timers and other sockets again. */
enum { BATCH_MAX = 256 };
/* An error that comes back at once this often stays for a while: asking again at once would spin. */
enum { ERRORS_PER_WAKE_UP_MAX = 4, ERRORS_IN_A_ROW_MAX = 4 };
enum { PAUSE_MS = 100 };

static const napi_type_tag socket_tag = {0x9b1f6d2c41ab4e07, 0x8d7c52e60f3a91bd};

static void receive(struct socket *socket, int poll_status, int count_max);
static void on_poll(uv_poll_t *handle, int status, int events);

static void disown(struct socket *socket) {
  if (--socket->owners == 0) free(socket);
}

static void on_handle_closed(uv_handle_t *handle) {
  struct socket *socket = handle->data;
  struct instance *instance = socket->instance;
  disown(socket);
  instance_handle_closed(instance);
}

static void on_finalized(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  disown(data);
}

static void drop_reference(napi_env env, napi_ref *reference) {
  if (*reference != NULL) napi_delete_reference(env, *reference);
  *reference = NULL;
}

void socket_close(struct socket *socket) {
  if (socket->fd < 0) return;
  struct instance *instance = socket->instance;
  for (struct socket **link = &instance->sockets; *link != NULL; link = &(*link)->next) {
    if (*link == socket) {
      *link = socket->next;
      break;
    }
  }
  uv_close((uv_handle_t *)&socket->poll, on_handle_closed);
  uv_close((uv_handle_t *)&socket->pause, on_handle_closed);
  /* uv_close() has taken it out of the poll set. Closed now, not in the callback, so that a name or port is free at once. */
  close_socket(instance, socket->fd);
  socket->fd = -1;
  drop_reference(instance->env, &socket->handlers);
  drop_reference(instance->env, &socket->on_message);
  drop_reference(instance->env, &socket->on_error);
  drop_reference(instance->env, &socket->self);
}

/* Delivery ------------------------------------------------------------------------------------------------------- */

/*
 * Calls a handler as Node calls its own: ticks and microtasks run after it, and what it throws is an uncaught
 * exception. False where JavaScript can run no more, because the thread is being terminated.
 */
static bool call_handler(struct socket *socket, napi_ref handler, size_t count, napi_value *arguments) {
  napi_env env = socket->instance->env;
  napi_value receiver, function, exception;
  bool pending = false;
  if (napi_get_reference_value(env, socket->handlers, &receiver) != napi_ok ||
      napi_get_reference_value(env, handler, &function) != napi_ok) {
    return false;
  }
  if (napi_make_callback(env, NULL, receiver, function, count, arguments, NULL) == napi_ok) return true;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return false;
  if (napi_get_and_clear_last_exception(env, &exception) != napi_ok) return false;
  return napi_fatal_exception(env, exception) == napi_ok;
}

static bool create_source(napi_env env, const struct source *source, napi_value *result) {
  napi_value index, type, address;
  return napi_create_object(env, result) == napi_ok &&
         napi_create_uint32(env, source->interface_index, &index) == napi_ok &&
         napi_create_string_utf8(env, source->packet_type, NAPI_AUTO_LENGTH, &type) == napi_ok &&
         napi_create_string_utf8(env, source->address, source->address_length, &address) == napi_ok &&
         napi_set_named_property(env, *result, "interfaceIndex", index) == napi_ok &&
         napi_set_named_property(env, *result, "packetType", type) == napi_ok &&
         napi_set_named_property(env, *result, "address", address) == napi_ok;
}

static bool deliver_message(struct socket *socket, size_t length, const struct sockaddr_storage *address,
                            socklen_t address_length) {
  napi_env env = socket->instance->env;
  struct source source = {.packet_type = ""};
  socket->kind->describe_source(address, address_length, &source);

  napi_handle_scope scope;
  napi_value arguments[2];
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  bool delivered = napi_create_buffer_copy(env, length, socket->instance->receive_buffer, NULL, &arguments[0]) == napi_ok &&
                   create_source(env, &source, &arguments[1]) &&
                   call_handler(socket, socket->on_message, 2, arguments);
  napi_close_handle_scope(env, scope);
  return delivered;
}

static bool deliver_error(struct socket *socket, int error) {
  napi_env env = socket->instance->env;
  char operation[64];
  snprintf(operation, sizeof(operation), "Cannot receive on %s socket", socket->kind->name);

  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value argument = error_create(env, error, "recvmsg", operation);
  bool delivered = argument != NULL && call_handler(socket, socket->on_error, 1, &argument);
  napi_close_handle_scope(env, scope);
  return delivered;
}

/* What came of one wake-up. */
enum outcome {
  DRAINED,
  /* The batch is full with an error still to be told. */
  UNFINISHED,
  FAILED,
  /* A handler closed the socket, or JavaScript can run no more. */
  GONE,
};

static enum outcome tell_error(struct socket *socket) {
  int error = socket->untold_error;
  socket->untold_error = 0;
  return deliver_error(socket, error) && socket->fd >= 0 ? FAILED : GONE;
}

/*
 * An error is told when what was queued has been read: a netlink socket that overran drops everything until it is empty,
 * without a second ENOBUFS, so a dump asked for earlier could miss a change.
 */
static enum outcome drain(struct socket *socket, int count_max) {
  int errors = 0;
  for (int count = 0; count < count_max; count++) {
    struct sockaddr_storage address;
    struct iovec part = {.iov_base = socket->instance->receive_buffer, .iov_len = RECEIVE_BYTES_MAX};
    struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &part, .msg_iovlen = 1};
    ssize_t length = recvmsg(socket->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
    int error = length < 0 ? errno : (message.msg_flags & MSG_TRUNC) != 0 ? EMSGSIZE : 0;
    if (error == EINTR) continue;
    if (error == EAGAIN) return socket->untold_error != 0 ? tell_error(socket) : DRAINED;
    if (error != 0) {
      bool differs = socket->untold_error != 0 && socket->untold_error != error;
      if (differs && tell_error(socket) == GONE) return GONE;
      socket->untold_error = error;
      if (++errors == ERRORS_PER_WAKE_UP_MAX) return tell_error(socket);
      continue;
    }
    socket->errors_in_a_row = 0;
    if (!deliver_message(socket, (size_t)length, &address, message.msg_namelen) || socket->fd < 0) return GONE;
  }
  return socket->untold_error != 0 ? UNFINISHED : DRAINED;
}

static void on_pause_over(uv_timer_t *timer) {
  struct socket *socket = timer->data;
  receive(socket, 0, BATCH_MAX);
}

/*
 * libuv stops a poll handle for good on POLLERR, which a netlink socket reports when it lost messages (ENOBUFS) and a
 * packet socket when its link went down (ENETDOWN). Reading takes the error off the socket; then it can go on.
 */
static void receive(struct socket *socket, int poll_status, int count_max) {
  enum outcome outcome = drain(socket, count_max);
  if (socket->fd < 0) return;
  bool failed = poll_status != 0 || outcome == FAILED;
  if (failed) socket->errors_in_a_row++;
  if (outcome == GONE) {
    uv_poll_stop(&socket->poll);
  } else if (outcome == UNFINISHED) {
    uv_poll_stop(&socket->poll);
    uv_timer_start(&socket->pause, on_pause_over, 0, 0);
  } else if (failed && socket->errors_in_a_row >= ERRORS_IN_A_ROW_MAX) {
    uv_poll_stop(&socket->poll);
    uv_timer_start(&socket->pause, on_pause_over, PAUSE_MS, 0);
  } else if (!uv_is_active((uv_handle_t *)&socket->poll)) {
    uv_poll_start(&socket->poll, UV_READABLE, on_poll);
  }
}

static void on_poll(uv_poll_t *handle, int status, int events) {
  (void)events;
  receive(handle->data, status, BATCH_MAX);
}

/* The JavaScript object --------------------------------------------------------------------------------------------- */

/* NULL with an exception pending where `this` is not a socket. */
static struct socket *unwrap(napi_env env, napi_callback_info info, size_t *count, napi_value *arguments) {
  napi_value self;
  bool tagged = false;
  struct socket *socket = NULL;
  if (napi_get_cb_info(env, info, count, arguments, &self, NULL) != napi_ok) {
    error_throw_pending(env);
    return NULL;
  }
  if (napi_check_object_type_tag(env, self, &socket_tag, &tagged) == napi_ok && tagged &&
      napi_unwrap(env, self, (void **)&socket) == napi_ok) {
    return socket;
  }
  error_throw_type(env, "Illegal invocation: this is not a native socket");
  return NULL;
}

static bool get_bytes(napi_env env, napi_value value, void **data, size_t *length) {
  bool is_typed_array = false;
  napi_typedarray_type type;
  if (napi_is_typedarray(env, value, &is_typed_array) == napi_ok && is_typed_array &&
      napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == napi_uint8_array) {
    return true;
  }
  return error_throw_type(env, "send: data must be a Uint8Array");
}

static napi_value js_send(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  struct socket *socket = unwrap(env, info, &count, arguments);
  if (socket == NULL) return NULL;
  const char *kind = socket->kind->name;

  void *data;
  size_t length;
  napi_valuetype type;
  struct options to;
  struct target target = {.length = 0};
  if (napi_typeof(env, arguments[1], &type) != napi_ok) return error_throw_pending(env);
  bool has_target = type != napi_undefined;
  if (has_target && !options_open(&to, env, "send", arguments[1])) return NULL;
  if (!socket->kind->resolve_target(socket, has_target ? &to : NULL, &target)) return NULL;
  /* Last: a getter of the target is JavaScript, which could detach the bytes or close the socket. */
  if (!get_bytes(env, arguments[0], &data, &length)) return NULL;
  if (socket->fd < 0) return error_throw(env, EBADF, "sendto", "Cannot send on %s socket that is closed", kind);

  const struct sockaddr *address = target.length > 0 ? (const struct sockaddr *)&target.address : NULL;
  ssize_t sent;
  do {
    sent = sendto(socket->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL, address, target.length);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return error_throw(env, errno, "sendto", "Cannot send %zu bytes on %s socket", length, kind);
  return NULL;
}

/* For whom a round of a busy loop is long, and who knows that its answers are there: netlink answers before send() returns. */
static napi_value js_receive(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t count_max;
  struct socket *socket = unwrap(env, info, &count, &argument);
  if (socket == NULL) return NULL;
  if (napi_get_value_int32(env, argument, &count_max) != napi_ok || count_max < 1 || count_max > BATCH_MAX) {
    return error_throw_type(env, "receive: the number of datagrams must be from 1 to 256"), NULL;
  }
  /* One that pauses after errors goes on pausing. */
  if (socket->fd >= 0 && uv_is_active((uv_handle_t *)&socket->poll)) receive(socket, 0, count_max);
  return NULL;
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  size_t count = 0;
  struct socket *socket = unwrap(env, info, &count, NULL);
  if (socket != NULL) socket_close(socket);
  return NULL;
}

static napi_value js_ref(napi_env env, napi_callback_info info) {
  size_t count = 0;
  struct socket *socket = unwrap(env, info, &count, NULL);
  if (socket == NULL || socket->fd < 0) return NULL;
  uv_ref((uv_handle_t *)&socket->poll);
  uv_ref((uv_handle_t *)&socket->pause);
  return NULL;
}

static napi_value js_unref(napi_env env, napi_callback_info info) {
  size_t count = 0;
  struct socket *socket = unwrap(env, info, &count, NULL);
  if (socket == NULL || socket->fd < 0) return NULL;
  uv_unref((uv_handle_t *)&socket->poll);
  uv_unref((uv_handle_t *)&socket->pause);
  return NULL;
}

/* The object is given its owner's share of `socket` only where this succeeds. */
static bool create_object(napi_env env, struct socket *socket, napi_value *result) {
  napi_value port_id;
  if (napi_create_uint32(env, socket->details.port_id, &port_id) != napi_ok) return false;
  const napi_property_descriptor properties[] = {
      {.utf8name = "send", .method = js_send, .attributes = napi_default},
      {.utf8name = "receive", .method = js_receive, .attributes = napi_default},
      {.utf8name = "close", .method = js_close, .attributes = napi_default},
      {.utf8name = "ref", .method = js_ref, .attributes = napi_default},
      {.utf8name = "unref", .method = js_unref, .attributes = napi_default},
      {.utf8name = "portId", .value = port_id, .attributes = napi_enumerable},
  };
  return napi_create_object(env, result) == napi_ok &&
         napi_define_properties(env, *result, sizeof(properties) / sizeof(properties[0]), properties) == napi_ok &&
         napi_type_tag_object(env, *result, &socket_tag) == napi_ok &&
         napi_create_reference(env, *result, 1, &socket->self) == napi_ok &&
         napi_wrap(env, *result, socket, on_finalized, NULL, NULL) == napi_ok;
}

static bool refer_to_handlers(napi_env env, struct socket *socket, napi_value value) {
  struct options handlers;
  napi_value on_message, on_error;
  if (!options_open(&handlers, env, "handlers", value) || !options_function(&handlers, "onMessage", &on_message) ||
      !options_function(&handlers, "onError", &on_error)) {
    return false;
  }
  if (napi_create_reference(env, value, 1, &socket->handlers) == napi_ok &&
      napi_create_reference(env, on_message, 1, &socket->on_message) == napi_ok &&
      napi_create_reference(env, on_error, 1, &socket->on_error) == napi_ok) {
    return true;
  }
  error_throw_pending(env);
  return false;
}

/* What could not be opened in whole. */
static void discard(napi_env env, int fd) {
  struct instance *instance = NULL;
  if (napi_get_instance_data(env, (void **)&instance) == napi_ok && instance != NULL && !instance->ending) {
    close_socket(instance, fd);
  } else {
    close(fd);
  }
}

napi_value socket_start(napi_env env, const struct socket_kind *kind, const struct socket_details *details, int fd,
                        napi_value handlers) {
  struct instance *instance = instance_of(env);
  struct socket *socket = instance == NULL ? NULL : calloc(1, sizeof(*socket));
  if (socket == NULL) {
    discard(env, fd);
    return instance == NULL ? NULL : error_throw(env, ENOMEM, "malloc", "Cannot open %s socket", kind->name);
  }
  socket->instance = instance;
  socket->kind = kind;
  socket->details = *details;
  socket->fd = fd;
  int error = uv_poll_init(instance->loop, &socket->poll, fd);
  if (error != 0) {
    discard(env, fd);
    free(socket);
    return error_throw(env, -error, "epoll_ctl", "Cannot open %s socket", kind->name);
  }
  uv_timer_init(instance->loop, &socket->pause);
  socket->poll.data = socket;
  socket->pause.data = socket;
  socket->owners = 2;
  instance->handles += 2;
  socket->next = instance->sockets;
  instance->sockets = socket;

  napi_value object;
  if (!refer_to_handlers(env, socket, handlers)) {
    socket_close(socket);
    return NULL;
  }
  if (!create_object(env, socket, &object)) {
    socket_close(socket);
    return error_throw_pending(env);
  }
  socket->owners++;
  uv_poll_start(&socket->poll, UV_READABLE, on_poll);
  return object;
}

napi_value socket_open_failed(napi_env env, int fd, const char *syscall, const char *format, ...) {
  int error = errno;
  char operation[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(operation, sizeof(operation), format, arguments);
  va_end(arguments);
  if (fd >= 0) discard(env, fd);
  return error_throw(env, error, syscall, "%s", operation);
}
