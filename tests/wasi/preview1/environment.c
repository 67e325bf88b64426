// Arguments and environment: contents, order, and results at the edge of memory.
#include "check.h"

static char buffer[4096];
static u32 pointers[64];

int main(void) {
  u32 count = 0, size = 0;
  OK(args_sizes_get(P(&count), P(&size)));
  EQ(count, 4);
  OK(args_get(P(pointers), P(buffer)));
  EQ(pointers[0], P(buffer));
  TRUE(strstr(buffer, "environment") != 0);
  TRUE(strcmp((char*)pointers[1], "one") == 0);
  TRUE(strcmp((char*)pointers[2], "") == 0);
  TRUE(strcmp((char*)pointers[3], "sp ace \xe2\x98\x83") == 0);
  EQ(pointers[3] + strlen((char*)pointers[3]) + 1, P(buffer) + size);

  OK(environ_sizes_get(P(&count), P(&size)));
  EQ(count, 2);
  EQ(size, sizeof "NAME=value" + sizeof "EMPTY=");
  OK(environ_get(P(pointers), P(buffer)));
  TRUE(strcmp((char*)pointers[0], "NAME=value") == 0);
  TRUE(strcmp((char*)pointers[1], "EMPTY=") == 0);

  const u32 end = __builtin_wasm_memory_size(0) * 65536;
  EQ(args_sizes_get(end - 3, P(&size)), E_FAULT);
  EQ(args_sizes_get(P(&size), ~0u), E_FAULT);
  EQ(args_get(end - 12, P(buffer)), E_FAULT);  // four pointers
  EQ(args_get(P(pointers), end - 8), E_FAULT);
  EQ(environ_get(~0u - 3, ~0u - 3), E_FAULT);
  EQ(environ_sizes_get(~0u, ~0u), E_FAULT);
  return finish();
}
