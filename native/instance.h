/*
 * What one environment (the main thread, or one worker) has: its loop, its open sockets, and the hook that closes them
 * before the loop may end. Nothing here is global, so that several threads can load the addon.
 */
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* Netlink dumps come in up to 32 KiB, packets in 64 KiB, unix datagrams in what SO_SNDBUF allows (208 KiB by default). */
enum { RECEIVE_BYTES_MAX = 256 * 1024 };

struct socket;

struct instance {
  napi_env env;
  uv_loop_t *loop;
  /* Open sockets, linked through socket->next. */
  struct socket *sockets;
  /* libuv handles whose close callback has not run, and descriptors that a thread of the pool closes. The loop must not end before it is 0. */
  size_t handles;
  bool ending;
  napi_async_cleanup_hook_handle hook;
  /* One for all sockets: a datagram is copied out of it before anything else can be received. */
  char receive_buffer[RECEIVE_BYTES_MAX];
};

/* Of this environment; false with an exception pending where it could not be made. */
bool instance_create(napi_env env);

/* NULL with an exception pending where the environment is ending. */
struct instance *instance_of(napi_env env);

/* A handle's close callback ran, or a descriptor was closed. May free the instance. */
void instance_handle_closed(struct instance *instance);
