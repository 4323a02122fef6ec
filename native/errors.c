#include "errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { MESSAGE_BYTES_MAX = 512 };

/* libuv's names rather than strerrorname_np(), which older C libraries lack. */
static void error_name(int error, char *name, size_t size) {
  uv_err_name_r(-error, name, size);
  if (name[0] != 'E') snprintf(name, size, "ERRNO_%d", error);
}

napi_value error_create(napi_env env, int error, const char *syscall, const char *operation) {
  char name[64];
  char message[MESSAGE_BYTES_MAX + 128];
  error_name(error, name, sizeof(name));
  snprintf(message, sizeof(message), "%s: %s (%s)", operation, name, strerror(error));

  napi_value code, text, number, call, result;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &code) != napi_ok ||
      napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text) != napi_ok ||
      napi_create_int32(env, error, &number) != napi_ok ||
      napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &call) != napi_ok ||
      napi_create_error(env, code, text, &result) != napi_ok ||
      napi_set_named_property(env, result, "errno", number) != napi_ok ||
      napi_set_named_property(env, result, "syscall", call) != napi_ok) {
    return NULL;
  }
  return result;
}

napi_value error_throw(napi_env env, int error, const char *syscall, const char *format, ...) {
  char operation[MESSAGE_BYTES_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(operation, sizeof(operation), format, arguments);
  va_end(arguments);

  napi_value value = error_create(env, error, syscall, operation);
  if (value == NULL || napi_throw(env, value) != napi_ok) error_throw_pending(env);
  return NULL;
}

bool error_throw_type(napi_env env, const char *format, ...) {
  char message[MESSAGE_BYTES_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

bool error_throw_range(napi_env env, const char *format, ...) {
  char message[MESSAGE_BYTES_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
  return false;
}

napi_value error_throw_pending(napi_env env) {
  const napi_extended_error_info *info = NULL;
  bool pending = false;
  napi_get_last_error_info(env, &info);
  const char *message = info != NULL && info->error_message != NULL ? info->error_message : "Node-API call failed";
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) napi_throw_error(env, NULL, message);
  return NULL;
}
