/* What is thrown: NativeError (see addon.d.cts) for a failed system call, TypeError and RangeError for a wrong argument. */
#pragma once

#include <node_api.h>
#include <stdbool.h>

/* An Error with code, errno and syscall; its message is `<operation>: <code> (<text>)`. NULL where none can be made. */
napi_value error_create(napi_env env, int error, const char *syscall, const char *operation);

/* Throws one; the operation is formatted as by printf. Always returns NULL, what a callback that threw returns. */
__attribute__((format(printf, 4, 5))) napi_value error_throw(napi_env env, int error, const char *syscall,
                                                             const char *format, ...);

/* A TypeError of code ERR_INVALID_ARG_TYPE. Always returns false. */
__attribute__((format(printf, 2, 3))) bool error_throw_type(napi_env env, const char *format, ...);

/* A RangeError of code ERR_OUT_OF_RANGE. Always returns false. */
__attribute__((format(printf, 2, 3))) bool error_throw_range(napi_env env, const char *format, ...);

/* After a Node-API call failed: makes sure that an exception is pending. Always returns NULL. */
napi_value error_throw_pending(napi_env env);
