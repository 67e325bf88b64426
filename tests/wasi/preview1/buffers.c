// Vectors of buffers: misaligned, overlapping, empty, wrapping around the address space, outside memory, and many.
#include "check.h"

static u8 space[4096];

/// An array of buffers at any address.
static void put(u8* at, u32 index, u32 data, u32 size) {
  memcpy(at + index * 8, &data, 4);
  memcpy(at + index * 8 + 4, &size, 4);
}

int main(void) {
  u32 n = 0, error;
  const u32 end = __builtin_wasm_memory_size(0) * 65536;
  make_file(ROOT, "letters", "abcdefghijklmnopqrstuvwxyz");
  const u32 fd = open_file(ROOT, "letters", 0);

  // Misaligned array, misaligned result.
  put(space + 1, 0, P(space + 501), 3);
  put(space + 1, 1, P(space + 601), 4);
  OK(fd_pread(fd, P(space + 1), 2, 0, P(space + 99)));
  memcpy(&n, space + 99, 4);
  EQ(n, 7);
  TRUE(memcmp(space + 501, "abc", 3) == 0 && memcmp(space + 601, "defg", 4) == 0);

  // Overlapping buffers: later bytes win; the count is the file's.
  put(space, 0, P(space + 500), 10);
  put(space, 1, P(space + 505), 10);
  OK(fd_pread(fd, P(space), 2, 0, P(&n)));
  EQ(n, 20);
  TRUE(memcmp(space + 500, "abcdeklmnopqrst", 15) == 0);

  // A buffer over its own array, and over the result: what was checked is what is used.
  put(space, 0, P(space), 16);
  put(space, 1, P(space + 800), 8);
  OK(fd_pread(fd, P(space), 2, 0, P(space + 4)));
  TRUE(memcmp(space + 800, "qrstuvwx", 8) == 0);
  TRUE(memcmp(space, "abcd", 4) == 0);

  // Outside: nothing may have happened.
  memset(space + 500, 'x', 100);
  put(space, 0, P(space + 500), 4);
  put(space, 1, end - 4, 5);
  EQ(fd_pread(fd, P(space), 2, 0, P(&n)), E_FAULT);
  EQ(space[500], 'x');
  put(space, 1, ~0u - 3, 4);
  EQ(fd_pread(fd, P(space), 2, 0, P(&n)), E_FAULT);
  put(space, 1, ~0u, ~0u);
  EQ(fd_pread(fd, P(space), 2, 0, P(&n)), E_FAULT);
  put(space, 1, P(space), ~0u - P(space) + 2);  // ends where it would wrap around to
  EQ(fd_pread(fd, P(space), 2, 0, P(&n)), E_FAULT);
  put(space, 1, end, 0);  // empty ones at the very end
  OK(fd_pread(fd, P(space), 2, 0, P(&n)));
  EQ(n, 4);
  EQ(fd_read(fd, end - 4, 1, P(&n)), E_FAULT);
  EQ(fd_read(fd, P(space), 0x20000001, P(&n)), E_FAULT);  // times eight is eight
  EQ(fd_read(fd, P(space), ~0u, P(&n)), E_FAULT);
  EQ(fd_read(fd, ~0u - 7, 1, P(&n)), E_FAULT);
  put(space, 0, P(space + 500), 4);
  EQ(fd_read(fd, P(space), 1, end - 3), E_FAULT);
  EQ(fd_read(fd, P(space), 1, ~0u), E_FAULT);
  u64 at = 7;
  OK(fd_tell(fd, P(&at)));
  EQ(at, 0);  // the last two have read nothing

  // None, and more than the host takes at once.
  OK(fd_read(fd, 0, 0, P(&n)));
  EQ(n, 0);
  OK(fd_write(fd, end, 0, P(&n)));
  EQ(n, 0);
  static u8 many[3000 * 8];
  for (u32 i = 0; i < 3000; ++i) put(many, i, P("0123456789") + i % 10, 1);
  const u32 out = open_flags(ROOT, "many", O_CREATE, R_FILE, 0, &error);
  OK(error);
  u32 done = 0;
  while (done < 3000) {
    OK(fd_write(out, P(many + done * 8), 3000 - done, P(&n)));
    if (n == 0) break;
    done += n;
  }
  EQ(done, 3000);
  EQ(stat_of(ROOT, "many", 0).size, 3000);
  u8 tail[10];
  put(space, 0, P(tail), 10);
  OK(fd_pread(out, P(space), 1, 2990, P(&n)));
  TRUE(memcmp(tail, "0123456789", 10) == 0);

  // A vast sum of sizes that is allowed: the same buffer again and again.
  for (u32 i = 0; i < 3000; ++i) put(many, i, 0, end);
  OK(fd_pread(fd, P(many + 8 * 2999), 0, 0, P(&n)));
  EQ(n, 0);
  return finish();
}
