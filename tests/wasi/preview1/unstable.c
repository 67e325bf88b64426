// wasi_unstable where it differs: seek's origins, the layouts of file status and subscription.
#define WASI_MODULE "wasi_unstable"
#include "check.h"

int main(void) {
  u64 at;
  make_file(ROOT, "file", "0123456789");
  const u32 fd = open_file(ROOT, "file", 0);
  OK(fd_seek(fd, 4, 2, P(&at)));  // from the start
  EQ(at, 4);
  OK(fd_seek(fd, 3, 0, P(&at)));  // from here
  EQ(at, 7);
  OK(fd_seek(fd, (u64)-1, 1, P(&at)));  // from the end
  EQ(at, 9);
  EQ(fd_seek(fd, 0, 3, P(&at)), E_INVAL);

  u8 stat[64];
  u64 size;
  u32 links;
  memset(stat, 0xcc, sizeof stat);
  OK(fd_filestat_get(fd, P(stat)));
  EQ(stat[16], T_FILE);
  memcpy(&links, stat + 20, 4);
  memcpy(&size, stat + 24, 8);
  EQ(links, 1);
  EQ(size, 10);
  EQ(stat[56], 0xcc);
  memset(stat, 0xcc, sizeof stat);
  OK(path_filestat_get(ROOT, 0, S("file"), P(stat)));
  memcpy(&size, stat + 24, 8);
  EQ(size, 10);
  EQ(stat[56], 0xcc);

  u8 wanted[56] = {0};
  const u64 userdata = 77, timeout = 1000;
  const u32 monotonic = 1;
  memcpy(wanted, &userdata, 8);
  memcpy(wanted + 24, &monotonic, 4);
  memcpy(wanted + 32, &timeout, 8);
  Event event;
  u32 n;
  OK(poll_oneoff(P(wanted), P(&event), 1, P(&n)));
  EQ(n, 1);
  EQ(event.userdata, 77);
  EQ(event.error, 0);
  return finish();
}
