/* The functions of addon.d.cts, each in the file of its subject. */
#pragma once

#include <node_api.h>

napi_value open_netlink(napi_env env, napi_callback_info info);
napi_value open_packet(napi_env env, napi_callback_info info);
napi_value open_unix_datagram(napi_env env, napi_callback_info info);
napi_value open_raw(napi_env env, napi_callback_info info);

napi_value lock_file(napi_env env, napi_callback_info info);

napi_value lock_memory(napi_env env, napi_callback_info info);

napi_value set_thread_realtime(napi_env env, napi_callback_info info);
napi_value effective_capabilities(napi_env env, napi_callback_info info);
napi_value replace_process(napi_env env, napi_callback_info info);
