/* The end of a socket's descriptor. */
#pragma once

#include "instance.h"

/*
 * A packet socket is closed by a thread of libuv's pool: its close() sleeps until every processor has forgotten it (synchronize_net),
 * 8 to 16 ms in which the loop would serve nobody. Until then it takes up what it is sent, which nobody reads. Any other socket is closed
 * when this returns, so that its name or port is free.
 */
void close_socket(struct instance *instance, int fd);
