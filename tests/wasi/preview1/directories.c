// Directories: making, listing, renaming, linking, removing, and what each refuses.
#include "check.h"

/// Lists with a buffer of `size` bytes; the number of names and the sum of their lengths.
static u32 list(u32 dir, u32 size, u32* letters) {
  static u8 buffer[8192];
  u32 names = 0, used = 0;
  u64 cookie = 0;
  *letters = 0;
  do {
    OK(fd_readdir(dir, P(buffer), size, cookie, P(&used)));
    const u64 before = cookie;
    for (u32 at = 0; at + sizeof(Dirent) <= used;) {
      Dirent entry;
      memcpy(&entry, buffer + at, sizeof entry);
      at += sizeof entry + entry.length;
      if (at > used) break;  // cut off: comes again
      cookie = entry.next;
      ++names;
      *letters += entry.length;
    }
    if (cookie == before) break;
  } while (used == size);
  return names;
}

static void listing(void) {
  OK(path_create_directory(ROOT, S("many")));
  const u32 dir = open_dir(ROOT, "many");
  char name[] = "file-000";
  for (int i = 0; i < 200; ++i) {
    name[5] = '0' + i / 100;
    name[6] = '0' + i / 10 % 10;
    name[7] = '0' + i % 10;
    make_file(dir, name, "");
  }
  u32 letters;
  EQ(list(dir, 8192, &letters), 202);
  EQ(letters, 200 * 8 + 3);
  EQ(list(dir, 64, &letters), 202);
  EQ(letters, 200 * 8 + 3);
  u8 buffer[100];
  u32 used;
  OK(fd_readdir(dir, P(buffer), 10, 0, P(&used)));  // less than one entry's head
  EQ(used, 10);
  OK(fd_readdir(dir, P(buffer), 0, 0, P(&used)));
  EQ(used, 0);
  EQ(fd_readdir(dir, P(buffer), ~0u, 0, P(&used)), E_FAULT);
  EQ(fd_readdir(open_file(dir, "file-000", 0), P(buffer), 100, 0, P(&used)), E_NOTDIR);
  EQ(path_remove_directory(ROOT, S("many")), E_NOTEMPTY);
  OK(fd_close(dir));
}

static void making(void) {
  OK(path_create_directory(ROOT, S("a")));
  EQ(path_create_directory(ROOT, S("a")), E_EXIST);
  EQ(path_create_directory(ROOT, S("none/b")), E_NOENT);
  OK(path_create_directory(ROOT, S("a/b/")));
  EQ(stat_of(ROOT, "a/b", 0).type, T_DIR);
  EQ(stat_of(ROOT, "a/../a/./b//", FOLLOW).type, T_DIR);
  EQ(path_unlink_file(ROOT, S("a/b")), E_ISDIR);
  make_file(ROOT, "a/file", "text");
  EQ(path_remove_directory(ROOT, S("a/file")), E_NOTDIR);
  EQ(open_error(ROOT, "a/file", O_DIR), E_NOTDIR);
  EQ(open_error(ROOT, "a/file/", 0), E_NOTDIR);
  EQ(open_error(ROOT, "a/file/x", 0), E_NOTDIR);
  EQ(open_error(ROOT, "a/none", 0), E_NOENT);
  u32 error;
  open_flags(ROOT, "a", 0, R_FD_WRITE, 0, &error);
  EQ(error, E_ISDIR);
  open_flags(ROOT, "a/new/", O_CREATE, R_FILE, 0, &error);
  EQ(error, E_ISDIR);
  OK(path_remove_directory(ROOT, S("a/b")));
  EQ(path_remove_directory(ROOT, S("a/b")), E_NOENT);
}

static void renaming(void) {
  const u32 dir = open_dir(ROOT, "a");
  OK(path_rename(ROOT, S("a/file"), dir, S("moved")));
  TRUE(has_text(ROOT, "a/moved", "text"));
  EQ(path_rename(ROOT, S("a/file"), dir, S("x")), E_NOENT);
  make_file(ROOT, "other", "other");
  OK(path_rename(ROOT, S("other"), dir, S("moved")));  // replaces
  TRUE(has_text(ROOT, "a/moved", "other"));
  OK(path_create_directory(ROOT, S("d1")));
  OK(path_create_directory(ROOT, S("d1/d2")));
  EQ(path_rename(ROOT, S("d1"), ROOT, S("d1/d2/d3")), E_INVAL);
  EQ(path_rename(ROOT, S("d1"), ROOT, S("a/moved")), E_NOTDIR);
  EQ(path_rename(ROOT, S("a/moved"), ROOT, S("d1")), E_ISDIR);
  EQ(path_rename(ROOT, S("d1/d2"), ROOT, S("a")), E_NOTEMPTY);
  OK(path_rename(ROOT, S("d1/d2"), ROOT, S("d4")));
  EQ(path_rename(99, S("d1"), ROOT, S("x")), E_BADF);
  EQ(path_rename(ROOT, S("d1"), 99, S("x")), E_BADF);

  OK(path_link(ROOT, 0, S("a/moved"), ROOT, S("hard")));
  EQ(stat_of(ROOT, "hard", 0).links, 2);
  EQ(stat_of(ROOT, "hard", 0).inode, stat_of(dir, "moved", 0).inode);
  EQ(path_link(ROOT, 0, S("a/moved"), ROOT, S("hard")), E_EXIST);
  EQ(path_link(ROOT, 0, S("none"), ROOT, S("hard2")), E_NOENT);
  EQ(path_link(ROOT, FOLLOW, S("a/moved"), ROOT, S("hard3")), E_INVAL);
  EQ(path_link(ROOT, 0, S("d1"), ROOT, S("hard4")), E_PERM);
  OK(path_unlink_file(ROOT, S("a/moved")));
  EQ(path_unlink_file(ROOT, S("a/moved")), E_NOENT);
  TRUE(has_text(ROOT, "hard", "other"));
  OK(fd_close(dir));
}

static void links(void) {
  char buffer[64];
  u32 used = 0;
  OK(path_symlink(S("hard"), ROOT, S("soft")));
  EQ(path_symlink(S("hard"), ROOT, S("soft")), E_EXIST);
  EQ(stat_of(ROOT, "soft", 0).type, T_LINK);
  EQ(stat_of(ROOT, "soft", FOLLOW).type, T_FILE);
  TRUE(has_text(ROOT, "soft", "other"));
  OK(path_readlink(ROOT, S("soft"), P(buffer), sizeof buffer, P(&used)));
  EQ(used, 4);
  TRUE(memcmp(buffer, "hard", 4) == 0);
  memset(buffer, 'x', sizeof buffer);
  OK(path_readlink(ROOT, S("soft"), P(buffer), 2, P(&used)));
  EQ(used, 2);
  TRUE(memcmp(buffer, "hax", 3) == 0);
  EQ(path_readlink(ROOT, S("hard"), P(buffer), sizeof buffer, P(&used)), E_INVAL);
  EQ(path_readlink(ROOT, S("soft"), ~0u, 4, P(&used)), E_FAULT);
  u32 fd;
  EQ(path_open(ROOT, 0, S("soft"), 0, R_FD_READ, 0, 0, P(&fd)), E_LOOP);
  OK(path_symlink(S("loop2"), ROOT, S("loop1")));
  OK(path_symlink(S("loop1"), ROOT, S("loop2")));
  EQ(open_error(ROOT, "loop1", 0), E_LOOP);
  EQ(open_error(ROOT, "loop1/x", 0), E_LOOP);
  OK(path_symlink(S("nowhere"), ROOT, S("dangling")));
  EQ(open_error(ROOT, "dangling", 0), E_NOENT);
  u32 error;
  open_flags(ROOT, "dangling", O_CREATE | O_EXCLUSIVE, R_FILE, 0, &error);
  EQ(error, E_EXIST);
  OK(path_unlink_file(ROOT, S("soft")));  // the link, not its target
  TRUE(has_text(ROOT, "hard", "other"));
}

int main(void) {
  u32 length[2];
  char name[8];
  OK(fd_prestat_get(ROOT, P(length)));
  EQ(length[0], 0);
  EQ(length[1], 1);
  OK(fd_prestat_dir_name(ROOT, P(name), 1));
  EQ(name[0], '/');
  EQ(fd_prestat_dir_name(ROOT, P(name), 0), E_NAMETOOLONG);
  EQ(fd_prestat_get(ROOT + 1, P(length)), E_BADF);
  EQ(fd_prestat_get(0, P(length)), E_BADF);
  u64 at;
  EQ(fd_seek(ROOT, 0, 0, P(&at)), E_ISDIR);
  making();
  listing();
  renaming();
  links();
  return finish();
}
