// Standard streams: what they can do, and what they cannot.
#include "check.h"

int main(void) {
  char buffer[64];
  u32 n;
  u64 at;
  FdStat stat;
  Iovec part = {P(buffer), 5};
  OK(fd_read(0, P(&part), 1, P(&n)));
  EQ(n, 5);
  TRUE(memcmp(buffer, "first", 5) == 0);
  EQ(fd_write(0, P(&part), 1, P(&n)), E_NOTCAPABLE);
  EQ(fd_read(1, P(&part), 1, P(&n)), E_NOTCAPABLE);
  EQ(fd_seek(0, 0, 0, P(&at)), E_SPIPE);
  EQ(fd_seek(1, 0, 0, P(&at)), E_SPIPE);
  EQ(fd_pread(0, P(&part), 1, 0, P(&n)), E_SPIPE);
  EQ(fd_pwrite(1, P(&part), 1, 0, P(&n)), E_SPIPE);
  TRUE(fd_filestat_set_size(1, 0) != E_SUCCESS);
  TRUE(fd_allocate(1, 0, 1) != E_SUCCESS);
  TRUE(fd_readdir(0, P(buffer), 64, 0, P(&n)) == E_NOTDIR);
  for (u32 fd = 0; fd < 3; ++fd) {
    OK(fd_fdstat_get(fd, P(&stat)));
    TRUE(stat.type != T_DIR);
    EQ(stat.base & (R_FD_SEEK | R_DIR) & ~R_FILE, 0);
  }
  EQ(fd_prestat_get(3, P(buffer)), E_BADF);
  u32 opened;
  EQ(path_open(3, 0, S("x"), 0, R_FD_READ, 0, 0, P(&opened)), E_BADF);
  EQ(sock_recv(0, P(&part), 1, 0, P(&n), P(&stat)), E_NOTSOCK);
  EQ(sock_send(1, P(&part), 1, 0, P(&n)), E_NOTSOCK);
  EQ(sock_shutdown(1, 3), E_NOTSOCK);
  EQ(sock_accept(0, 0, P(&opened)), E_NOTSOCK);
  EQ(sock_accept(55, 0, P(&opened)), E_BADF);
  write_text(1, "to standard output\n");
  write_text(2, "to standard error\n");
  // Blocking until the other end closes: the rest arrives late and in pieces.
  u32 total = 0;
  part.size = sizeof buffer;
  for (;;) {
    OK(fd_read(0, P(&part), 1, P(&n)));
    if (n == 0) break;
    total += n;
  }
  EQ(total, sizeof " second third" - 1);
  OK(fd_close(0));
  EQ(fd_read(0, P(&part), 1, P(&n)), E_BADF);
  return finish();
}
