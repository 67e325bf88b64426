// FIFOs, sockets and devices in a granted directory: opening one must not block, and neither may asking for more.
#include "check.h"

int main(void) {
  u32 error, n;
  u64 start, now, at;
  char buffer[8];
  OK(clock_time_get(1, 0, P(&start)));

  const u32 reader = open_flags(ROOT, "fifo", 0, R_FILE & ~R_FD_WRITE, F_NONBLOCK, &error);
  OK(error);
  FdStat stat;
  OK(fd_fdstat_get(reader, P(&stat)));
  TRUE(stat.type != T_FILE && stat.type != T_DIR);
  Iovec part = {P(buffer), sizeof buffer};
  OK(fd_read(reader, P(&part), 1, P(&n)));  // nobody writes: the end
  EQ(n, 0);
  TRUE(fd_seek(reader, 0, 0, P(&at)) != E_SUCCESS);
  TRUE(fd_pread(reader, P(&part), 1, 0, P(&n)) != E_SUCCESS);
  TRUE(fd_allocate(reader, 0, 10) != E_SUCCESS);
  TRUE(fd_filestat_set_size(reader, 10) != E_SUCCESS);

  const u32 writer = open_flags(ROOT, "fifo", 0, R_FD_WRITE | R_POLL, 0, &error);
  OK(error);
  write_text(writer, "through");
  EQ(read_text(reader, buffer, sizeof buffer), 7);
  TRUE(strcmp(buffer, "through") == 0);
  EQ(fd_read(reader, P(&part), 1, P(&n)), E_AGAIN);
  OK(fd_close(writer));
  OK(fd_close(reader));

  open_flags(ROOT, "fifo", 0, R_FD_WRITE, 0, &error);  // nobody reads
  EQ(error, E_NXIO);
  open_flags(ROOT, "fifo", O_TRUNCATE, R_FILE & ~R_FD_WRITE, 0, &error);
  open_flags(ROOT, "fifo", O_DIR, R_FD_READ, 0, &error);
  EQ(error, E_NOTDIR);
  TRUE(open_error(ROOT, "socket", 0) != E_SUCCESS);
  EQ(stat_of(ROOT, "fifo", 0).type, T_UNKNOWN);
  EQ(stat_of(ROOT, "socket", 0).type, T_STREAM);

  OK(clock_time_get(1, 0, P(&now)));
  TRUE(now - start < UINT64_C(5000000000));
  return finish();
}
