/* The module: names the functions of addon.d.cts. */
#include <node_api.h>

#include "errors.h"
#include "functions.h"
#include "instance.h"

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {.utf8name = "openNetlink", .method = open_netlink, .attributes = napi_enumerable},
      {.utf8name = "openPacket", .method = open_packet, .attributes = napi_enumerable},
      {.utf8name = "openUnixDatagram", .method = open_unix_datagram, .attributes = napi_enumerable},
      {.utf8name = "openRaw", .method = open_raw, .attributes = napi_enumerable},
      {.utf8name = "lockFile", .method = lock_file, .attributes = napi_enumerable},
      {.utf8name = "setThreadRealtime", .method = set_thread_realtime, .attributes = napi_enumerable},
      {.utf8name = "lockMemory", .method = lock_memory, .attributes = napi_enumerable},
      {.utf8name = "effectiveCapabilities", .method = effective_capabilities, .attributes = napi_enumerable},
      {.utf8name = "replaceProcess", .method = replace_process, .attributes = napi_enumerable},
  };
  if (!instance_create(env)) return NULL;
  if (napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions) != napi_ok) {
    return error_throw_pending(env);
  }
  return exports;
}
