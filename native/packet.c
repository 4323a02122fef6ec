#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "functions.h"
#include "socket.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct packet_options {
  int64_t interface_index;
  int64_t ether_type;
  bool outgoing;
  struct sock_filter filter[BPF_MAXINSNS];
  uint32_t filter_count;
};

static bool read_instruction(const struct options *options, napi_value row, struct sock_filter *result) {
  bool is_array = false;
  uint32_t length = 0;
  int64_t code, jump_true, jump_false, operand;
  if (napi_is_array(options->env, row, &is_array) != napi_ok || !is_array ||
      napi_get_array_length(options->env, row, &length) != napi_ok || length != 4) {
    return error_throw_type(options->env, "%s: filter must be an array of [code, jt, jf, k] rows", options->function);
  }
  if (!options_array_integer(options, "filter's code", row, 0, 0, UINT16_MAX, &code) ||
      !options_array_integer(options, "filter's jt", row, 1, 0, UINT8_MAX, &jump_true) ||
      !options_array_integer(options, "filter's jf", row, 2, 0, UINT8_MAX, &jump_false) ||
      !options_array_integer(options, "filter's k", row, 3, 0, UINT32_MAX, &operand)) {
    return false;
  }
  *result = (struct sock_filter){(uint16_t)code, (uint8_t)jump_true, (uint8_t)jump_false, (uint32_t)operand};
  return true;
}

static bool read_filter(const struct options *options, struct packet_options *result) {
  napi_value rows, row;
  if (!options_array(options, "filter", &rows, &result->filter_count)) return false;
  if (result->filter_count > BPF_MAXINSNS) {
    return error_throw_range(options->env, "%s: filter must have at most %d rows, got %u", options->function,
                             BPF_MAXINSNS, result->filter_count);
  }
  for (uint32_t index = 0; index < result->filter_count; index++) {
    if (napi_get_element(options->env, rows, index, &row) != napi_ok) {
      error_throw_pending(options->env);
      return false;
    }
    if (!read_instruction(options, row, &result->filter[index])) return false;
  }
  return true;
}

static bool read_options(napi_env env, napi_value value, struct packet_options *result) {
  struct options options;
  return options_open(&options, env, "openPacket", value) &&
         options_integer(&options, "interfaceIndex", 0, INT32_MAX, &result->interface_index) &&
         options_integer(&options, "etherType", 0, UINT16_MAX, &result->ether_type) &&
         options_boolean(&options, "outgoing", &result->outgoing) && read_filter(&options, result);
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
  struct sock_fprog program = {.len = (unsigned short)options->filter_count, .filter = options->filter};
  if (program.len > 0 && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0) {
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
  struct packet_options options = {.filter_count = 0};
  if (!read_options(env, arguments[0], &options)) return NULL;
  return open_with(env, &options, arguments[1]);
}
