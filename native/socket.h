/*
 * A datagram socket on the environment's loop: what all kinds have in common. A kind says how addresses look; opening
 * one is its own business up to socket_start().
 */
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "instance.h"
#include "options.h"

/* MessageSource of addon.d.cts. `address` may contain NULs. */
struct source {
  uint32_t interface_index;
  const char *packet_type;
  char address[128];
  size_t address_length;
};

struct target {
  struct sockaddr_storage address;
  socklen_t length;
};

struct socket_kind {
  /* In messages: 'netlink', … */
  const char *name;
  void (*describe_source)(const struct sockaddr_storage *address, socklen_t length, struct source *source);
  /* Fills `target`; `to` is NULL where the caller gave none. False with an exception pending. */
  bool (*resolve_target)(const struct socket *socket, const struct options *to, struct target *target);
};

/* What a kind knows of one of its sockets. */
struct socket_details {
  /* Raw: AF_INET or AF_INET6. */
  int family;
  /* Packet: in network byte order. */
  uint16_t ether_type;
  /* Netlink. */
  uint32_t port_id;
};

struct socket {
  struct instance *instance;
  const struct socket_kind *kind;
  struct socket_details details;
  /* -1 once closed. */
  int fd;
  /* Owners of this memory: each libuv handle until its close callback, the JavaScript object until it is finalized. */
  unsigned owners;
  /* An errno that a receive failed with and onError does not know yet, or 0. */
  int untold_error;
  /* Wake-ups in a row that gave an error and no datagram. */
  unsigned errors_in_a_row;
  uv_poll_t poll;
  /* Resumes polling after a pause; see socket.c. */
  uv_timer_t pause;
  /* Strong while open: an open socket is not collected, like Node's own handles. */
  napi_ref self;
  napi_ref handlers;
  napi_ref on_message;
  napi_ref on_error;
  struct socket *next;
};

/*
 * Takes `fd` (which it closes where it fails) and begins to deliver. The JavaScript object, or NULL with an exception
 * pending.
 */
napi_value socket_start(napi_env env, const struct socket_kind *kind, const struct socket_details *details, int fd,
                        napi_value handlers);

void socket_close(struct socket *socket);

/* Throws that `syscall` failed with errno while the socket was opened, and closes `fd`. Always returns NULL. */
__attribute__((format(printf, 4, 5))) napi_value socket_open_failed(napi_env env, int fd, const char *syscall,
                                                                    const char *format, ...);
