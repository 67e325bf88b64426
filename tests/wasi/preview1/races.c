// While the host keeps exchanging directories for links that lead out, no path may ever reach what is outside.
#include "check.h"

static int is_secret(u32 fd) {
  char buffer[32];
  const u32 got = read_text(fd, buffer, sizeof buffer);
  (void)fd_close(fd);
  return got != ~0u && strstr(buffer, "secret") != 0;
}

int main(void) {
  u64 start, now;
  u32 opened = 0, refused = 0, escaped = 0;
  OK(clock_time_get(1, 0, P(&start)));
  now = start;
  for (u32 round = 0; now - start < UINT64_C(700000000); ++round) {
    // "swap" is now a directory, now a link to the one outside; so is the file "last"; "moving/deep" moves up and down.
    static const char* const paths[] = {"swap/secret", "last", "swap/../swap/secret", "moving/deep/../../secret",
                                        "moving/deep/../../../outside/secret"};
    u32 error;
    const u32 fd = open_flags(ROOT, paths[round % 5], 0, R_FD_READ, 0, &error);
    if (error) {
      ++refused;
    } else {
      ++opened;
      escaped += is_secret(fd);
    }
    // Creating, linking and removing through the same paths: the host looks for traces outside afterwards.
    (void)path_create_directory(ROOT, S("swap/new"));
    (void)path_remove_directory(ROOT, S("swap/new"));
    (void)path_unlink_file(ROOT, S("swap/victim"));
    (void)path_rename(ROOT, S("mine"), ROOT, S("swap/mine"));
    (void)path_rename(ROOT, S("swap/mine"), ROOT, S("mine"));
    (void)path_symlink(S("x"), ROOT, S("swap/link"));
    (void)path_unlink_file(ROOT, S("swap/link"));
    const u32 made = open_flags(ROOT, "swap/made", O_CREATE | O_TRUNCATE, R_FILE, 0, &error);
    if (!error) (void)fd_close(made);
    (void)path_filestat_set_times(ROOT, FOLLOW, S("swap/secret"), 1, 1, ATIM | MTIM);
    OK(clock_time_get(1, 0, P(&now)));
  }
  EQ(escaped, 0);
  TRUE(opened > 0 && refused > 0);
  return finish();
}
