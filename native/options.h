/* Reads and validates options objects. Every function returns false with an exception pending that names the option. */
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An options object and the function it was given to, for messages. */
struct options {
  napi_env env;
  const char *function;
  napi_value object;
};

bool options_open(struct options *options, napi_env env, const char *function, napi_value value);

bool options_integer(const struct options *options, const char *name, int64_t min, int64_t max, int64_t *result);
bool options_boolean(const struct options *options, const char *name, bool *result);

/* UTF-8 with a closing NUL that `length` does not count; may contain NULs. RangeError where it does not fit. */
bool options_string(const struct options *options, const char *name, char *buffer, size_t size, size_t *length);

/* An array of whole numbers; the caller frees `result`, which is NULL where the array is empty. */
bool options_integers(const struct options *options, const char *name, uint32_t count_max, int64_t min, int64_t max,
                      int64_t **result, uint32_t *count);

/* A function that belongs to the object. */
bool options_function(const struct options *options, const char *name, napi_value *result);

/* Whether the property is there and not undefined. */
bool options_has(const struct options *options, const char *name, bool *result);

/* The element `index` of the array `name` (which may be `name[i]` already), as a whole number. */
bool options_array_integer(const struct options *options, const char *name, napi_value array, uint32_t index,
                           int64_t min, int64_t max, int64_t *result);
bool options_array(const struct options *options, const char *name, napi_value *result, uint32_t *count);
