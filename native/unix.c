#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "errors.h"
#include "functions.h"
#include "socket.h"

/* A longer name is refused as the kernel would refuse it, so that the caller sees one kind of error. */
enum { PATH_BYTES_MAX = 4096 };

/* An abstract name has a leading NUL, counts every byte and has no closing NUL; a path is a C string (unix(7)). */
static bool to_address(const struct options *options, const char *syscall, struct sockaddr_un *address,
                       socklen_t *length) {
  char path[PATH_BYTES_MAX];
  size_t bytes;
  if (!options_string(options, "path", path, sizeof(path), &bytes)) return false;
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  bool abstract = bytes > 0 && path[0] == '\0';
  if (!abstract && strlen(path) != bytes) {
    return error_throw_type(options->env, "%s: path must not contain a NUL after its first byte", options->function);
  }
  size_t bytes_max = abstract ? sizeof(address->sun_path) : sizeof(address->sun_path) - 1;
  if (bytes > bytes_max) {
    error_throw(options->env, ENAMETOOLONG, syscall, "Cannot use unix socket name of %zu bytes (at most %zu)", bytes,
                bytes_max);
    return false;
  }
  memcpy(address->sun_path, path, bytes);
  *length = bytes == 0 ? 0 : (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes + (abstract ? 0 : 1));
  return true;
}

static void describe_source(const struct sockaddr_storage *address, socklen_t length, struct source *source) {
  const struct sockaddr_un *sender = (const struct sockaddr_un *)address;
  if (length <= offsetof(struct sockaddr_un, sun_path)) return;
  size_t bytes = length - offsetof(struct sockaddr_un, sun_path);
  if (sender->sun_path[0] != '\0') bytes = strnlen(sender->sun_path, bytes);
  if (bytes > sizeof(source->address)) bytes = sizeof(source->address);
  memcpy(source->address, sender->sun_path, bytes);
  source->address_length = bytes;
}

static bool resolve_target(const struct socket *socket, const struct options *to, struct target *target) {
  struct sockaddr_un address;
  if (to == NULL) {
    return error_throw_type(socket->instance->env, "send: a unix datagram socket needs a target's path");
  }
  if (!to_address(to, "sendto", &address, &target->length)) return false;
  memcpy(&target->address, &address, sizeof(address));
  return true;
}

static const struct socket_kind kind = {"unix datagram", describe_source, resolve_target};

napi_value open_unix_datagram(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  struct options options;
  struct sockaddr_un own;
  socklen_t length;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return error_throw_pending(env);
  if (!options_open(&options, env, "openUnixDatagram", arguments[0]) || !to_address(&options, "bind", &own, &length)) {
    return NULL;
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return socket_open_failed(env, fd, "socket", "Cannot open unix datagram socket");
  if (length > 0 && bind(fd, (const struct sockaddr *)&own, length) != 0) {
    bool abstract = own.sun_path[0] == '\0';
    return socket_open_failed(env, fd, "bind", "Cannot bind unix datagram socket to %s%.*s", abstract ? "@" : "",
                              (int)sizeof(own.sun_path) - 1, own.sun_path + (abstract ? 1 : 0));
  }
  struct socket_details details = {0};
  return socket_start(env, &kind, &details, fd, arguments[1]);
}
