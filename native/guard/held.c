/* The table of held addresses. A scan of a thousand takes a microsecond: no index to keep right. */
#include <string.h>

#include "guard.h"

struct held held[HELD_MAX];
size_t held_count;

static const uint8_t nobody[6];
/* Flags of a record. */
enum { GIVING = 1, PREFERRED = 2, FIXED = 4 };

static size_t ip_bytes(uint8_t family) { return family == 4 ? 4 : 16; }

static struct held *find(uint32_t interface, uint8_t family, uint8_t prefix, const uint8_t *ip) {
  for (size_t i = 0; i < held_count; i++) {
    struct held *each = &held[i];
    if (each->interface == interface && each->family == family && each->prefix == prefix &&
        memcmp(each->ip, ip, ip_bytes(family)) == 0) {
      return each;
    }
  }
  return NULL;
}

/* interface 4 | family 1 | prefix 1 | flags 1 (1: giving, 2: preferred, 4: the fence counts from now) | 0 | mac 6 | fence 2, ms | ip 16 */
bool held_put(const uint8_t record[RECORD_BYTES]) {
  uint32_t interface = read_u32(record);
  uint8_t family = record[4], prefix = record[5];
  struct held *address = find(interface, family, prefix, record + 16);
  if (address == NULL) {
    if (held_count == HELD_MAX) return false;
    address = &held[held_count++];
    memset(address, 0, sizeof(*address));
    address->interface = interface;
    address->family = family;
    address->prefix = prefix;
    memcpy(address->ip, record + 16, ip_bytes(family));
  }
  address->giving = (record[6] & GIVING) != 0;
  address->preferred = (record[6] & PREFERRED) != 0;
  memcpy(address->mac, record + 8, 6);
  address->fence_ms = read_u16(record + 14);
  const int64_t fence_at = now_ns() + address->fence_ms * (int64_t)1000000;
  if ((record[6] & FIXED) == 0) address->fence_at = 0;
  else if (address->fence_at == 0 || fence_at < address->fence_at) address->fence_at = fence_at;
  return true;
}

void held_drop(const uint8_t record[RECORD_BYTES]) {
  struct held *address = find(read_u32(record), record[4], record[5], record + 16);
  if (address != NULL) held_drop_at((size_t)(address - held));
}

void held_drop_at(size_t index) { held[index] = held[--held_count]; }

void held_write(uint8_t record[RECORD_BYTES], const struct held *address) {
  memset(record, 0, RECORD_BYTES);
  write_u32(record, address->interface);
  record[4] = address->family;
  record[5] = address->prefix;
  record[6] = (uint8_t)((address->giving ? GIVING : 0) | (address->preferred ? PREFERRED : 0));
  memcpy(record + 8, address->mac, 6);
  write_u16(record + 14, guard_fence_left(address));
  memcpy(record + 16, address->ip, 16);
}

void held_announced(uint32_t interface, uint8_t family, const uint8_t *ip, const uint8_t mac[6], int64_t now) {
  for (size_t i = 0; i < held_count; i++) {
    struct held *each = &held[i];
    if (each->interface != interface || each->family != family || memcmp(each->ip, ip, ip_bytes(family)) != 0) continue;
    if (memcmp(mac, each->mac, 6) == 0 || memcmp(mac, nobody, 6) == 0) continue;
    if (each->other_ns == 0) each->other_ns = now;
    memcpy(each->other, mac, 6);
  }
}

void held_forget_announced(void) {
  for (size_t i = 0; i < held_count; i++) {
    if (!held[i].giving) held[i].other_ns = 0;
  }
}

bool held_any_announced(void) {
  for (size_t i = 0; i < held_count; i++) {
    if (held[i].other_ns != 0 && !held[i].giving) return true;
  }
  return false;
}

bool held_any_fenced(void) {
  for (size_t i = 0; i < held_count; i++) {
    if (held[i].fence_ms != 0) return true;
  }
  return false;
}
