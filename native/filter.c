#include "filter.h"

#include <sys/socket.h>

#include "errors.h"

static bool read_instruction(const struct options *options, napi_value row, struct sock_filter *result) {
  bool is_array = false;
  uint32_t length = 0;
  int64_t code, jump_true, jump_false, operand;
  if (napi_is_array(options->env, row, &is_array) != napi_ok || !is_array ||
      napi_get_array_length(options->env, row, &length) != napi_ok || length != 4) {
    return error_throw_type(options->env, "%s: filter must be an array of [code, jt, jf, k] rows", options->function);
  }
  if (!options_array_integer(options, "filter's code", row, 0, 0, UINT16_MAX, &code) ||
      !options_array_integer(options, "filter's jt", row, 1, 0, UINT8_MAX, &jump_true) ||
      !options_array_integer(options, "filter's jf", row, 2, 0, UINT8_MAX, &jump_false) ||
      !options_array_integer(options, "filter's k", row, 3, 0, UINT32_MAX, &operand)) {
    return false;
  }
  *result = (struct sock_filter){(uint16_t)code, (uint8_t)jump_true, (uint8_t)jump_false, (uint32_t)operand};
  return true;
}

bool filter_read(const struct options *options, struct filter *result) {
  napi_value rows, row;
  if (!options_array(options, "filter", &rows, &result->count)) return false;
  if (result->count > BPF_MAXINSNS) {
    return error_throw_range(options->env, "%s: filter must have at most %d rows, got %u", options->function,
                             BPF_MAXINSNS, result->count);
  }
  for (uint32_t index = 0; index < result->count; index++) {
    if (napi_get_element(options->env, rows, index, &row) != napi_ok) {
      error_throw_pending(options->env);
      return false;
    }
    if (!read_instruction(options, row, &result->instructions[index])) return false;
  }
  return true;
}

bool filter_attach(int fd, const struct filter *filter) {
  struct sock_fprog program = {.len = (unsigned short)filter->count,
                               .filter = (struct sock_filter *)filter->instructions};
  return program.len == 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}
