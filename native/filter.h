/* What a socket receives, decided by a classic BPF program (linux/filter.h) in the kernel. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "options.h"

struct filter {
  struct sock_filter instructions[BPF_MAXINSNS];
  uint32_t count;
};

/* The option `filter`: rows of [code, jt, jf, k]. False with an exception pending. */
bool filter_read(const struct options *options, struct filter *result);

/* An empty one lets everything through. False with errno set. */
bool filter_attach(int fd, const struct filter *filter);
