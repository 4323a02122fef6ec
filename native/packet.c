#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "filter.h"
#include "functions.h"
#include "socket.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct packet_options {
  int64_t interface_index;
  int64_t ether_type;
  bool outgoing;
  struct filter filter;
};

static bool read_options(napi_env env, napi_value value, struct packet_options *result) {
  struct options options;
  return options_open(&options, env, "openPacket", value) &&
         options_integer(&options, "interfaceIndex", 0, INT32_MAX, &result->interface_index) &&
         options_integer(&options, "etherType", 0, UINT16_MAX, &result->ether_type) &&
         options_boolean(&options, "outgoing", &result->outgoing) && filter_read(&options, &result->filter);
}

static const char *packet_type_name(unsigned char type) {
  switch (type) {
    case PACKET_HOST:
      return "host";
    case PACKET_BROADCAST:
      return "broadcast";
    case PACKET_MULTICAST:
      return "multicast";
    case PACKET_OTHERHOST:
      return "other";
    case PACKET_OUTGOING:
      return "outgoing";
    default:
      return "";
  }
}

static void describe_source(const struct sockaddr_storage *address, socklen_t length, struct source *source) {
  const struct sockaddr_ll *sender = (const struct sockaddr_ll *)address;
  if (length < offsetof(struct sockaddr_ll, sll_addr)) return;
  source->interface_index = (uint32_t)sender->sll_ifindex;
  source->packet_type = packet_type_name(sender->sll_pkttype);
}

/* Without an interface: the one the socket is bound to. The frame has its own link header, so only the index counts. */
static bool resolve_target(const struct socket *socket, const struct options *to, struct target *target) {
  int64_t index = 0;
  bool has_index = false;
  if (to == NULL) return true;
  if (!options_has(to, "interfaceIndex", &has_index)) return false;
  if (!has_index) return true;
  if (!options_integer(to, "interfaceIndex", 1, INT32_MAX, &index)) return false;
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_ifindex = (int)index, .sll_protocol = socket->details.ether_type};
  memcpy(&target->address, &address, sizeof(address));
  target->length = sizeof(address);
  return true;
}

static const struct socket_kind kind = {"packet", describe_source, resolve_target};

static napi_value open_with(napi_env env, struct packet_options *options, napi_value handlers) {
  int on = 1;
  /* Protocol 0 receives nothing: the filter is in place before bind() names the protocol. */
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return socket_open_failed(env, fd, "socket", "Cannot open packet socket");
  if (!filter_attach(fd, &options->filter)) {
    return socket_open_failed(env, fd, "setsockopt", "Cannot attach the filter to packet socket");
  }
  if (!options->outgoing && setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0) {
    return socket_open_failed(env, fd, "setsockopt", "Cannot exclude outgoing frames from packet socket");
  }
  struct socket_details details = {.ether_type = htons((uint16_t)options->ether_type)};
  struct sockaddr_ll own = {.sll_family = AF_PACKET,
                            .sll_ifindex = (int)options->interface_index,
                            .sll_protocol = details.ether_type};
  if (bind(fd, (const struct sockaddr *)&own, sizeof(own)) != 0) {
    return socket_open_failed(env, fd, "bind", "Cannot bind packet socket to interface %d", own.sll_ifindex);
  }
  return socket_start(env, &kind, &details, fd, handlers);
}

napi_value open_packet(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return error_throw_pending(env);
  struct packet_options options = {.filter.count = 0};
  if (!read_options(env, arguments[0], &options)) return NULL;
  return open_with(env, &options, arguments[1]);
}
