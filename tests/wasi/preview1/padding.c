// Bytes of structures that no field covers must come out as zeros, whatever lay there, and no byte beyond them.
#include "check.h"

static u8 space[512];

static void dirty(void) { memset(space, 0xcc, sizeof space); }
static int all(const u8* from, const u8* to, u8 value) {
  for (; from < to; ++from)
    if (*from != value) return 0;
  return 1;
}

int main(void) {
  make_file(ROOT, "file", "text");
  const u32 fd = open_file(ROOT, "file", 0);
  u8* const at = space + 64;

  dirty();
  OK(fd_fdstat_get(fd, P(at)));
  TRUE(at[1] == 0 && all(at + 4, at + 8, 0));
  TRUE(all(space, at, 0xcc) && all(at + 24, space + 512, 0xcc));

  dirty();
  OK(fd_filestat_get(fd, P(at)));
  TRUE(all(at + 17, at + 24, 0));
  TRUE(all(space, at, 0xcc) && all(at + 64, space + 512, 0xcc));
  dirty();
  OK(path_filestat_get(ROOT, 0, S("file"), P(at)));
  TRUE(all(at + 17, at + 24, 0));
  TRUE(all(space, at, 0xcc) && all(at + 64, space + 512, 0xcc));

  dirty();
  OK(fd_prestat_get(ROOT, P(at)));
  TRUE(all(at, at + 4, 0));
  TRUE(all(space, at, 0xcc) && all(at + 8, space + 512, 0xcc));

  u32 n;
  dirty();
  OK(fd_readdir(ROOT, P(at), 200, 0, P(&n)));
  for (u32 used = 0; used + sizeof(Dirent) <= n;) {
    Dirent entry;
    memcpy(&entry, at + used, sizeof entry);
    TRUE(all(at + used + 21, at + used + 24, 0));
    used += sizeof entry + entry.length;
  }
  TRUE(all(space, at, 0xcc) && all(at + n, space + 512, 0xcc));

  Subscription wanted;
  memset(&wanted, 0xdd, sizeof wanted);
  wanted.tag = 0;
  wanted.clock.id = 1;
  wanted.clock.timeout = 0;
  wanted.clock.flags = 0;
  dirty();
  OK(poll_oneoff(P(&wanted), P(at), 1, P(&n)));
  TRUE(all(at + 11, at + 32, 0));  // a timer's event has neither bytes nor flags
  TRUE(all(space, at, 0xcc) && all(at + 32, space + 512, 0xcc));

  dirty();
  EQ(path_filestat_get(ROOT, 0, S("none"), P(at)), E_NOENT);
  TRUE(all(space, space + 512, 0xcc));
  return finish();
}
