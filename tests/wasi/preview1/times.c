// Times of files: set and read back, now, before the epoch, and beyond what the host can hold.
#include "check.h"

static const u64 kSecond = UINT64_C(1000000000);

int main(void) {
  make_file(ROOT, "file", "text");
  const u32 fd = open_file(ROOT, "file", 0);
  Stat stat;
  u64 now;
  OK(fd_filestat_set_times(fd, 1000 * kSecond + 1, 2000 * kSecond + 999999999, ATIM | MTIM));
  OK(fd_filestat_get(fd, P(&stat)));
  EQ(stat.accessed, 1000 * kSecond + 1);
  EQ(stat.modified, 2000 * kSecond + 999999999);
  OK(fd_filestat_set_times(fd, 5, 6, MTIM));
  stat = stat_of(ROOT, "file", 0);
  EQ(stat.accessed, 1000 * kSecond + 1);
  EQ(stat.modified, 6);
  OK(clock_time_get(0, 0, P(&now)));
  OK(path_filestat_set_times(ROOT, FOLLOW, S("file"), 0, 0, ATIM_NOW | MTIM_NOW));
  stat = stat_of(ROOT, "file", 0);
  TRUE(stat.modified + 60 * kSecond > now && stat.modified < now + 60 * kSecond);
  TRUE(stat.accessed + 60 * kSecond > now);
  OK(path_filestat_set_times(ROOT, 0, S("file"), 0, 0, 0));
  EQ(stat_of(ROOT, "file", 0).modified, stat.modified);

  EQ(fd_filestat_set_times(fd, 0, 0, ATIM | ATIM_NOW), E_INVAL);
  EQ(fd_filestat_set_times(fd, 0, 0, MTIM | MTIM_NOW), E_INVAL);
  EQ(fd_filestat_set_times(fd, 0, 0, 16), E_INVAL);
  EQ(fd_filestat_set_times(fd, 0, 0, 0x10001), E_INVAL);
  EQ(path_filestat_set_times(ROOT, 0, S("file"), 0, 0, MTIM | MTIM_NOW), E_INVAL);
  EQ(path_filestat_set_times(ROOT, 0, S("none"), 0, 0, MTIM), E_NOENT);
  EQ(path_filestat_set_times(ROOT, 2, S("file"), 0, 0, MTIM), E_INVAL);

  // A link's own times, and its target's.
  OK(path_symlink(S("file"), ROOT, S("link")));
  OK(path_filestat_set_times(ROOT, 0, S("link"), 7, 7, MTIM));
  EQ(stat_of(ROOT, "link", 0).modified, 7);
  EQ(stat_of(ROOT, "file", 0).modified, stat.modified);
  OK(path_filestat_set_times(ROOT, FOLLOW, S("link"), 8, 8, MTIM));
  EQ(stat_of(ROOT, "file", 0).modified, 8);

  // The host gave "old" a time before 1970; unsigned nanoseconds cannot say that: zero, not the far future.
  EQ(stat_of(ROOT, "old", 0).modified, 0);
  const u32 old = open_file(ROOT, "old", 0);
  OK(fd_filestat_get(old, P(&stat)));
  EQ(stat.modified, 0);

  // The largest time is a time, or an error: never one before the epoch.
  if (fd_filestat_set_times(fd, ~UINT64_C(0), ~UINT64_C(0), ATIM | MTIM) == E_SUCCESS) {
    OK(fd_filestat_get(fd, P(&stat)));
    TRUE(stat.modified > now && stat.accessed > now);
  }
  return finish();
}
