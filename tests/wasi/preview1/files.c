// Regular files: reading, writing, seeking, sizes, times, flags, and where each fails.
#include "check.h"

static void content(void) {
  char buffer[32];
  u64 at = 0;
  const u32 fd = open_file(ROOT, "file", O_CREATE | O_EXCLUSIVE);
  EQ(write_text(fd, "hello world"), 11);
  OK(fd_tell(fd, P(&at)));
  EQ(at, 11);
  EQ(read_text(fd, buffer, sizeof buffer), 0);
  OK(fd_seek(fd, 6, 0, P(&at)));
  EQ(at, 6);
  EQ(read_text(fd, buffer, sizeof buffer), 5);
  TRUE(strcmp(buffer, "world") == 0);
  OK(fd_seek(fd, (u64)-5, 2, P(&at)));
  EQ(at, 6);
  OK(fd_seek(fd, (u64)-6, 1, P(&at)));
  EQ(at, 0);
  EQ(fd_seek(fd, (u64)-1, 1, P(&at)), E_INVAL);
  EQ(fd_seek(fd, 0, 3, P(&at)), E_INVAL);
  EQ(fd_seek(fd, 0, 259, P(&at)), E_INVAL);
  EQ(fd_seek(fd, INT64_MAX, 2, P(&at)), E_INVAL);

  // Positioned transfers leave the position alone.
  u32 n = 0;
  Iovec parts[] = {{P("WO"), 2}, {P("R"), 1}};
  OK(fd_pwrite(fd, P(parts), 2, 6, P(&n)));
  EQ(n, 3);
  memset(buffer, 0, sizeof buffer);
  Iovec halves[] = {{P(buffer), 3}, {P(buffer + 8), 20}};
  OK(fd_pread(fd, P(halves), 2, 4, P(&n)));
  EQ(n, 7);
  TRUE(memcmp(buffer, "o W\0\0\0\0\0ORld", 13) == 0);
  EQ(fd_pread(fd, P(halves), 2, (u64)INT64_MAX + 1, P(&n)), E_INVAL);
  OK(fd_pread(fd, P(halves), 2, 1000, P(&n)));
  EQ(n, 0);
  OK(fd_tell(fd, P(&at)));
  EQ(at, 0);
  OK(fd_close(fd));
  TRUE(has_text(ROOT, "file", "hello WORld"));
  u32 error;
  open_flags(ROOT, "file", O_CREATE | O_EXCLUSIVE, R_FILE, 0, &error);
  EQ(error, E_EXIST);
}

static void sizes(void) {
  const u32 fd = open_file(ROOT, "sized", O_CREATE);
  Stat stat;
  OK(fd_allocate(fd, 100, 28));
  OK(fd_filestat_get(fd, P(&stat)));
  EQ(stat.size, 128);
  OK(fd_filestat_set_size(fd, 1000));
  OK(fd_allocate(fd, 0, 10));  // never shrinks
  OK(fd_filestat_get(fd, P(&stat)));
  EQ(stat.size, 1000);
  EQ(stat.type, T_FILE);
  EQ(stat.links, 1);
  OK(fd_filestat_set_size(fd, 3));
  EQ(stat_of(ROOT, "sized", 0).size, 3);
  TRUE(fd_filestat_set_size(fd, ~UINT64_C(0)) != E_SUCCESS);
  TRUE(fd_allocate(fd, ~UINT64_C(0), 2) != E_SUCCESS);
  EQ(fd_allocate(fd, 0, 0), E_INVAL);
  for (u32 advice = 0; advice < 6; ++advice) OK(fd_advise(fd, 0, 0, advice));
  EQ(fd_advise(fd, 0, 0, 6), E_INVAL);
  EQ(fd_advise(fd, 0, 0, 0x106), E_INVAL);
  OK(fd_sync(fd));
  OK(fd_datasync(fd));
  OK(fd_close(fd));
}

static void flags(void) {
  u32 error;
  FdStat stat;
  const u32 fd = open_flags(ROOT, "log", O_CREATE, R_FILE, F_APPEND, &error);
  OK(error);
  u64 at;
  write_text(fd, "one");
  OK(fd_seek(fd, 0, 0, P(&at)));
  write_text(fd, "two");
  TRUE(has_text(ROOT, "log", "onetwo"));
  OK(fd_fdstat_get(fd, P(&stat)));
  EQ(stat.type, T_FILE);
  EQ(stat.flags, F_APPEND);
  EQ(stat.base, R_FILE);
  OK(fd_fdstat_set_flags(fd, 0));
  OK(fd_seek(fd, 0, 0, P(&at)));
  write_text(fd, "TWO");
  TRUE(has_text(ROOT, "log", "TWOtwo"));
  EQ(fd_fdstat_set_flags(fd, 32), E_INVAL);
  OK(fd_close(fd));
}

static void closed(void) {
  char buffer[8];
  const u32 fd = open_file(ROOT, "file", 0);
  OK(fd_close(fd));
  EQ(fd_close(fd), E_BADF);
  EQ(fd_read(fd, 0, 0, P(buffer)), E_BADF);
  EQ(fd_sync(fd), E_BADF);
  EQ(fd_tell(~0u, P(buffer)), E_BADF);
  EQ(fd_close(~0u), E_BADF);
  EQ(open_file(ROOT, "file", 0), fd);  // the lowest number that is free
  OK(fd_close(fd));
}

int main(void) {
  content();
  sizes();
  flags();
  closed();
  return finish();
}
