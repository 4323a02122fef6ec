#include "close.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct closing {
  uv_work_t work;
  struct instance *instance;
  int fd;
};

static bool is_packet_socket(int fd) {
  int domain = 0;
  socklen_t length = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_PACKET;
}

static void on_pool_thread(uv_work_t *work) {
  struct closing *closing = work->data;
  close(closing->fd);
}

static void on_closed(uv_work_t *work, int status) {
  struct closing *closing = work->data;
  struct instance *instance = closing->instance;
  (void)status;
  free(closing);
  instance_handle_closed(instance);
}

void close_socket(struct instance *instance, int fd) {
  struct closing *closing = is_packet_socket(fd) ? malloc(sizeof(*closing)) : NULL;
  if (closing == NULL) {
    close(fd);
    return;
  }
  *closing = (struct closing){.work.data = closing, .instance = instance, .fd = fd};
  if (uv_queue_work(instance->loop, &closing->work, on_pool_thread, on_closed) == 0) {
    instance->handles++;
    return;
  }
  free(closing);
  close(fd);
}
