#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "functions.h"
#include "socket.h"

/* Jumps of a classic BPF program reach 255 instructions. */
enum { TYPES_MAX = 255 };

struct raw_options {
  int family;
  int64_t protocol;
  int64_t *types;
  uint32_t type_count;
};

static bool read_options(napi_env env, napi_value value, struct raw_options *result) {
  struct options options;
  int64_t family;
  if (!options_open(&options, env, "openRaw", value) || !options_integer(&options, "family", 4, 6, &family) ||
      !options_integer(&options, "protocol", 1, 255, &result->protocol) ||
      !options_integers(&options, "types", TYPES_MAX, 0, 255, &result->types, &result->type_count)) {
    return false;
  }
  result->family = family == 4 ? AF_INET : AF_INET6;
  if (family == 5) return error_throw_range(env, "openRaw: family must be 4 or 6, got 5");
  if (result->type_count > 0 && result->protocol != (family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
    return error_throw_type(env, "openRaw: types must be empty unless protocol is ICMP of the family");
  }
  return true;
}

static void describe_source(const struct sockaddr_storage *address, socklen_t length, struct source *source) {
  if (length < sizeof(struct sockaddr_in)) return;
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  bool is_v4 = address->ss_family == AF_INET;
  const void *bytes = is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr;
  if (!is_v4) source->interface_index = v6->sin6_scope_id;
  if (inet_ntop(address->ss_family, bytes, source->address, sizeof(source->address)) == NULL) return;
  source->address_length = strlen(source->address);
}

static void set_address_v4(struct target *target, const struct in_addr *bytes) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = *bytes};
  memcpy(&target->address, &address, sizeof(address));
  target->length = sizeof(address);
}

static void set_address_v6(struct target *target, const struct in6_addr *bytes, uint32_t interface_index) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = *bytes, .sin6_scope_id = interface_index};
  memcpy(&target->address, &address, sizeof(address));
  target->length = sizeof(address);
}

/* `interfaceIndex` is the scope of an IPv6 link-local or multicast address. */
static bool resolve_target(const struct socket *socket, const struct options *to, struct target *target) {
  napi_env env = socket->instance->env;
  int family = socket->details.family;
  char text[INET6_ADDRSTRLEN];
  unsigned char bytes[sizeof(struct in6_addr)];
  size_t length;
  bool has_index = false;
  int64_t index = 0;
  if (to == NULL) return error_throw_type(env, "send: a raw socket needs a target's address");
  if (!options_string(to, "address", text, sizeof(text), &length) || !options_has(to, "interfaceIndex", &has_index) ||
      (has_index && !options_integer(to, "interfaceIndex", 0, INT32_MAX, &index))) {
    return false;
  }
  if (strlen(text) != length || inet_pton(family, text, bytes) != 1) {
    return error_throw_type(env, "send: address must be an IPv%d address, got %s", family == AF_INET ? 4 : 6, text);
  }
  if (family == AF_INET) {
    set_address_v4(target, (const struct in_addr *)(const void *)bytes);
  } else {
    set_address_v6(target, (const struct in6_addr *)(const void *)bytes, (uint32_t)index);
  }
  return true;
}

static const struct socket_kind kind = {"raw", describe_source, resolve_target};

/*
 * Passes the ICMP types listed. A program rather than ICMP_FILTER, which lets every type above 31 through. IPv4 raw
 * sockets see the IP header first, whose length is in its first byte; IPv6 ones do not see it.
 */
static int attach_types(int fd, const struct raw_options *options) {
  struct sock_filter code[TYPES_MAX + 4];
  unsigned short count = 0;
  if (options->family == AF_INET) {
    code[count++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0);
    code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0);
  } else {
    code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0);
  }
  for (uint32_t index = 0; index < options->type_count; index++) {
    unsigned char accept = (unsigned char)(options->type_count - index);
    code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)options->types[index], accept, 0);
  }
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
  struct sock_fprog program = {.len = count, .filter = code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* A raw socket receives from socket() on: what came before the filter was there is thrown away. */
static void discard_received(int fd) {
  char byte;
  while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0) continue;
}

static napi_value open_with(napi_env env, const struct raw_options *options, napi_value handlers) {
  int fd = socket(options->family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, (int)options->protocol);
  if (fd < 0) {
    return socket_open_failed(env, fd, "socket", "Cannot open raw socket of protocol %d", (int)options->protocol);
  }
  if (options->type_count > 0) {
    if (attach_types(fd, options) != 0) {
      return socket_open_failed(env, fd, "setsockopt", "Cannot attach the filter to raw socket");
    }
    discard_received(fd);
  }
  struct socket_details details = {.family = options->family};
  return socket_start(env, &kind, &details, fd, handlers);
}

napi_value open_raw(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  struct raw_options options = {.types = NULL};
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return error_throw_pending(env);
  napi_value result = read_options(env, arguments[0], &options) ? open_with(env, &options, arguments[1]) : NULL;
  free(options.types);
  return result;
}
