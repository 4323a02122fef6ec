#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "errors.h"

static const char *type_name(napi_env env, napi_value value) {
  static const char *const names[] = {
      [napi_undefined] = "undefined", [napi_null] = "null",         [napi_boolean] = "a boolean",
      [napi_number] = "a number",     [napi_string] = "a string",   [napi_symbol] = "a symbol",
      [napi_object] = "an object",    [napi_function] = "a function", [napi_external] = "an external value",
      [napi_bigint] = "a bigint",
  };
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "something else";
}

static bool wrong_type(const struct options *options, const char *name, const char *expected, napi_value value) {
  return error_throw_type(options->env, "%s: %s must be %s, got %s", options->function, name, expected,
                          type_name(options->env, value));
}

static bool has_type(napi_env env, napi_value value, napi_valuetype expected) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == expected;
}

static bool get(const struct options *options, const char *name, napi_value *value) {
  if (napi_get_named_property(options->env, options->object, name, value) == napi_ok) return true;
  error_throw_pending(options->env);
  return false;
}

static bool to_integer(const struct options *options, const char *name, napi_value value, int64_t min, int64_t max,
                       int64_t *result) {
  double number;
  if (!has_type(options->env, value, napi_number)) return wrong_type(options, name, "a whole number", value);
  if (napi_get_value_double(options->env, value, &number) != napi_ok) {
    error_throw_pending(options->env);
    return false;
  }
  if (!(number >= (double)min && number <= (double)max) || number != trunc(number)) {
    return error_throw_range(options->env, "%s: %s must be a whole number from %" PRId64 " to %" PRId64 ", got %g",
                             options->function, name, min, max, number);
  }
  *result = (int64_t)number;
  return true;
}

bool options_open(struct options *options, napi_env env, const char *function, napi_value value) {
  options->env = env;
  options->function = function;
  options->object = value;
  if (has_type(env, value, napi_object)) return true;
  return wrong_type(options, "the argument", "an object", value);
}

bool options_has(const struct options *options, const char *name, bool *result) {
  napi_value value;
  if (!get(options, name, &value)) return false;
  *result = !has_type(options->env, value, napi_undefined);
  return true;
}

bool options_integer(const struct options *options, const char *name, int64_t min, int64_t max, int64_t *result) {
  napi_value value;
  return get(options, name, &value) && to_integer(options, name, value, min, max, result);
}

bool options_boolean(const struct options *options, const char *name, bool *result) {
  napi_value value;
  if (!get(options, name, &value)) return false;
  if (napi_get_value_bool(options->env, value, result) == napi_ok) return true;
  return wrong_type(options, name, "a boolean", value);
}

bool options_string(const struct options *options, const char *name, char *buffer, size_t size, size_t *length) {
  napi_value value;
  size_t needed;
  if (!get(options, name, &value)) return false;
  if (napi_get_value_string_utf8(options->env, value, NULL, 0, &needed) != napi_ok) {
    return wrong_type(options, name, "a string", value);
  }
  if (needed >= size) {
    return error_throw_range(options->env, "%s: %s must be at most %zu bytes, got %zu", options->function, name,
                             size - 1, needed);
  }
  if (napi_get_value_string_utf8(options->env, value, buffer, size, length) == napi_ok) return true;
  error_throw_pending(options->env);
  return false;
}

bool options_function(const struct options *options, const char *name, napi_value *result) {
  if (!get(options, name, result)) return false;
  if (has_type(options->env, *result, napi_function)) return true;
  return wrong_type(options, name, "a function", *result);
}

bool options_array(const struct options *options, const char *name, napi_value *result, uint32_t *count) {
  bool is_array = false;
  if (!get(options, name, result)) return false;
  if (napi_is_array(options->env, *result, &is_array) == napi_ok && is_array &&
      napi_get_array_length(options->env, *result, count) == napi_ok) {
    return true;
  }
  return wrong_type(options, name, "an array", *result);
}

bool options_array_integer(const struct options *options, const char *name, napi_value array, uint32_t index,
                           int64_t min, int64_t max, int64_t *result) {
  napi_value value;
  if (napi_get_element(options->env, array, index, &value) != napi_ok) {
    error_throw_pending(options->env);
    return false;
  }
  return to_integer(options, name, value, min, max, result);
}

bool options_integers(const struct options *options, const char *name, uint32_t count_max, int64_t min, int64_t max,
                      int64_t **result, uint32_t *count) {
  napi_value array;
  *result = NULL;
  if (!options_array(options, name, &array, count)) return false;
  if (*count > count_max) {
    return error_throw_range(options->env, "%s: %s must have at most %u elements, got %u", options->function, name,
                             count_max, *count);
  }
  if (*count == 0) return true;
  int64_t *numbers = calloc(*count, sizeof(*numbers));
  if (numbers == NULL) {
    error_throw(options->env, ENOMEM, "malloc", "%s", options->function);
    return false;
  }
  for (uint32_t index = 0; index < *count; index++) {
    if (!options_array_integer(options, name, array, index, min, max, &numbers[index])) {
      free(numbers);
      return false;
    }
  }
  *result = numbers;
  return true;
}
