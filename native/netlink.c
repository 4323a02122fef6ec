#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "filter.h"
#include "functions.h"
#include "socket.h"

/* The highest group number that rtnetlink could grow to; today's last is below 40. */
enum { GROUP_MAX = 1024, GROUPS_MAX = 64 };

struct netlink_options {
  int64_t protocol;
  int64_t *groups;
  uint32_t group_count;
  bool extended_ack;
  bool strict_checking;
  int64_t receive_buffer_bytes;
  struct filter filter;
};

static bool read_filter(const struct options *options, struct filter *result) {
  bool has_filter = false;
  return options_has(options, "filter", &has_filter) && (!has_filter || filter_read(options, result));
}

static bool read_options(napi_env env, napi_value value, struct netlink_options *result) {
  struct options options;
  return options_open(&options, env, "openNetlink", value) &&
         options_integer(&options, "protocol", 0, 31, &result->protocol) &&
         options_boolean(&options, "extendedAck", &result->extended_ack) &&
         options_boolean(&options, "strictChecking", &result->strict_checking) &&
         options_integer(&options, "receiveBufferBytes", 0, INT32_MAX / 2, &result->receive_buffer_bytes) &&
         read_filter(&options, &result->filter) &&
         options_integers(&options, "groups", GROUPS_MAX, 1, GROUP_MAX, &result->groups, &result->group_count);
}

static void describe_source(const struct sockaddr_storage *address, socklen_t length, struct source *source) {
  const struct sockaddr_nl *sender = (const struct sockaddr_nl *)address;
  if (length < sizeof(*sender)) return;
  source->address_length = (size_t)snprintf(source->address, sizeof(source->address), "%u", sender->nl_pid);
}

/* Always the kernel: port 0, no groups. */
static bool resolve_target(const struct socket *socket, const struct options *to, struct target *target) {
  (void)socket;
  (void)to;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  memcpy(&target->address, &kernel, sizeof(kernel));
  target->length = sizeof(kernel);
  return true;
}

static const struct socket_kind kind = {"netlink", describe_source, resolve_target};

/* Beyond net.core.rmem_max where CAP_NET_ADMIN allows it. */
static bool set_receive_buffer(int fd, int64_t bytes) {
  int value = (int)bytes;
  if (value == 0) return true;
  return setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)) == 0 ||
         setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value)) == 0;
}

static bool enable(int fd, int option) {
  int on = 1;
  return setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on)) == 0;
}

static napi_value open_with(napi_env env, const struct netlink_options *options, napi_value handlers) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, (int)options->protocol);
  if (fd < 0) {
    return socket_open_failed(env, fd, "socket", "Cannot open netlink socket of protocol %d", (int)options->protocol);
  }
  if (!set_receive_buffer(fd, options->receive_buffer_bytes)) {
    return socket_open_failed(env, fd, "setsockopt", "Cannot set the netlink socket's receive buffer");
  }
  if (options->extended_ack && (!enable(fd, NETLINK_EXT_ACK) || !enable(fd, NETLINK_CAP_ACK))) {
    return socket_open_failed(env, fd, "setsockopt", "Cannot enable extended netlink acknowledgements");
  }
  if (options->strict_checking && !enable(fd, NETLINK_GET_STRICT_CHK)) {
    return socket_open_failed(env, fd, "setsockopt", "Cannot enable strict netlink checking");
  }
  if (!filter_attach(fd, &options->filter)) {
    return socket_open_failed(env, fd, "setsockopt", "Cannot attach the filter to netlink socket");
  }
  struct sockaddr_nl own = {.nl_family = AF_NETLINK};
  socklen_t length = sizeof(own);
  if (bind(fd, (const struct sockaddr *)&own, sizeof(own)) != 0) {
    return socket_open_failed(env, fd, "bind", "Cannot bind netlink socket");
  }
  if (getsockname(fd, (struct sockaddr *)&own, &length) != 0) {
    return socket_open_failed(env, fd, "getsockname", "Cannot read the netlink socket's port id");
  }
  for (uint32_t index = 0; index < options->group_count; index++) {
    int group = (int)options->groups[index];
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
      return socket_open_failed(env, fd, "setsockopt", "Cannot join netlink group %d", group);
    }
  }
  struct socket_details details = {.port_id = own.nl_pid};
  return socket_start(env, &kind, &details, fd, handlers);
}

napi_value open_netlink(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  struct netlink_options options = {.groups = NULL, .filter.count = 0};
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return error_throw_pending(env);
  if (!read_options(env, arguments[0], &options)) return NULL;
  napi_value result = open_with(env, &options, arguments[1]);
  free(options.groups);
  return result;
}
