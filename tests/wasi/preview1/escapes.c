// Paths that try to leave the granted directory. The host made: secret beside it, links to it, /proc links.
#include "check.h"

/// Every path function must refuse `path`, with this errno where only one is right.
static void refused(const char* path, u32 wanted) {
  char buffer[64];
  u32 fd = ~0u, used;
  Stat stat;
  const int before = failures;
  EQ(path_open(ROOT, FOLLOW, S(path), 0, R_FD_READ, 0, 0, P(&fd)), wanted);
  EQ(path_open(ROOT, FOLLOW, S(path), O_DIR, R_FD_READDIR, R_ALL, 0, P(&fd)), wanted);
  TRUE(path_open(ROOT, FOLLOW, S(path), O_CREATE, R_FILE, 0, 0, P(&fd)) != E_SUCCESS);
  TRUE(path_open(ROOT, FOLLOW, S(path), O_CREATE | O_TRUNCATE, R_FILE, 0, 0, P(&fd)) != E_SUCCESS);
  EQ(path_filestat_get(ROOT, FOLLOW, S(path), P(&stat)), wanted);
  EQ(path_filestat_set_times(ROOT, FOLLOW, S(path), 0, 0, MTIM), wanted);
  TRUE(path_create_directory(ROOT, S(path)) != E_SUCCESS);
  TRUE(path_remove_directory(ROOT, S(path)) != E_SUCCESS);
  TRUE(path_symlink(S("target"), ROOT, S(path)) != E_SUCCESS);
  TRUE(path_link(ROOT, 0, S("inside"), ROOT, S(path)) != E_SUCCESS);
  TRUE(path_rename(ROOT, S("inside"), ROOT, S(path)) != E_SUCCESS);
  (void)path_readlink(ROOT, S(path), P(buffer), sizeof buffer, P(&used));
  EQ(fd, ~0u);
  if (failures != before) fprintf(stderr, "  (path: %s)\n", path);
}

static void outside(void) {
  refused("..", E_NOTCAPABLE);
  refused("../outside/secret", E_NOTCAPABLE);
  refused("dir/../../outside/secret", E_NOTCAPABLE);
  refused("./.././outside", E_NOTCAPABLE);
  refused("dir/../..", E_NOTCAPABLE);
  refused("dir/..//../outside/", E_NOTCAPABLE);
  refused("/", E_NOTCAPABLE);
  refused("/etc/passwd", E_NOTCAPABLE);
  refused("//etc/passwd", E_NOTCAPABLE);
  refused("", E_NOENT);
}

static void through_links(void) {
  // What the host's links would lead to: an absolute path, a relative one, a directory, a link to a link.
  const char* paths[] = {"to_secret",          "relative_to_secret", "to_outside/secret",
                         "to_outside/",        "link_to_link",       "dir/up/secret",
                         "to_root/etc/passwd", "to_outside/new",     "to_outside/../granted/inside"};
  for (u32 i = 0; i < sizeof paths / sizeof *paths; ++i) {
    u32 error;
    EQ(open_error(ROOT, paths[i], 0), E_NOTCAPABLE);
    open_flags(ROOT, paths[i], O_CREATE, R_FILE, 0, &error);
    TRUE(error == E_NOTCAPABLE || error == E_ISDIR);  // one of them ends in a slash
    open_flags(ROOT, paths[i], O_TRUNCATE, R_FILE, 0, &error);
    EQ(error, E_NOTCAPABLE);
  }
  EQ(path_unlink_file(ROOT, S("to_outside/secret")), E_NOTCAPABLE);
  EQ(path_create_directory(ROOT, S("to_outside/new")), E_NOTCAPABLE);
  EQ(path_rename(ROOT, S("inside"), ROOT, S("to_outside/new")), E_NOTCAPABLE);
  EQ(path_rename(ROOT, S("to_outside/secret"), ROOT, S("mine")), E_NOTCAPABLE);
  EQ(path_link(ROOT, 0, S("to_outside/secret"), ROOT, S("mine")), E_NOTCAPABLE);
  EQ(path_symlink(S("x"), ROOT, S("to_outside/new")), E_NOTCAPABLE);
  Stat stat;
  EQ(path_filestat_get(ROOT, FOLLOW, S("to_secret"), P(&stat)), E_NOTCAPABLE);
  OK(path_filestat_get(ROOT, 0, S("to_secret"), P(&stat)));
  EQ(stat.type, T_LINK);
  // A hard link to a link is the link, not what it leads to.
  OK(path_link(ROOT, 0, S("to_secret"), ROOT, S("linked")));
  EQ(stat_of(ROOT, "linked", 0).type, T_LINK);
  EQ(open_error(ROOT, "linked", 0), E_NOTCAPABLE);
}

static void own_links(void) {
  EQ(path_symlink(S("/etc/passwd"), ROOT, S("absolute")), E_NOTCAPABLE);
  // A guest may write a link that leads out, as tar does; it may not follow it.
  if (path_symlink(S("../outside/secret"), ROOT, S("own")) == E_SUCCESS) {
    EQ(open_error(ROOT, "own", 0), E_NOTCAPABLE);
  }
  OK(path_symlink(S("dir/../inside"), ROOT, S("harmless")));
  TRUE(has_text(ROOT, "harmless", "inside"));
  // Moving a directory must not make its ".." lead out.
  OK(path_create_directory(ROOT, S("deep")));
  OK(path_create_directory(ROOT, S("deep/er")));
  const u32 dir = open_dir(ROOT, "deep/er");
  EQ(open_error(dir, "../../inside", 0), E_NOTCAPABLE);  // a descriptor is the root of its paths
  OK(path_rename(ROOT, S("deep/er"), ROOT, S("er")));
  EQ(open_error(dir, "..", 0), E_NOTCAPABLE);
  EQ(open_error(dir, "../inside", 0), E_NOTCAPABLE);
  OK(fd_close(dir));
}

static void magic_links(void) {
  // The second grant is the host's /proc/self: its links lead anywhere by inode, not by name.
  const u32 proc = ROOT + 1;
  const char* paths[] = {"root/etc/passwd", "cwd/secret", "root", "exe", "fd/0", "fd/3/../outside/secret", "fd/1"};
  for (u32 i = 0; i < sizeof paths / sizeof *paths; ++i) {
    const u32 error = open_error(proc, paths[i], 0);
    TRUE(error == E_NOTCAPABLE || error == E_LOOP || error == E_NOENT || error == E_NOTDIR);
    if (error == E_SUCCESS) fprintf(stderr, "  (path: %s)\n", paths[i]);
  }
  EQ(open_error(proc, "status", 0), E_SUCCESS);
}

static void malformed(void) {
  u32 fd;
  EQ(path_open(ROOT, FOLLOW, P("inside\0x"), 8, 0, R_FD_READ, 0, 0, P(&fd)), E_INVAL);
  EQ(path_open(ROOT, FOLLOW, P("inside"), 7, 0, R_FD_READ, 0, 0, P(&fd)), E_INVAL);  // with its NUL
  EQ(path_create_directory(ROOT, P("a\0b"), 3), E_INVAL);
  EQ(path_symlink(P("a\0b"), 3, ROOT, S("nul")), E_INVAL);
  EQ(path_unlink_file(ROOT, P("inside\0/../x"), 12), E_INVAL);
  EQ(path_rename(ROOT, S("inside"), ROOT, P("x\0"), 2), E_INVAL);
  EQ(path_open(ROOT, FOLLOW, S("a\xff"), 0, R_FD_READ, 0, 0, P(&fd)), E_ILSEQ);
  EQ(path_open(ROOT, FOLLOW, S("\xc0\xae\xc0\xae/outside/secret"), 0, R_FD_READ, 0, 0, P(&fd)), E_ILSEQ);
  static char longest[70000];
  memset(longest, 'a', sizeof longest);
  EQ(path_open(ROOT, FOLLOW, P(longest), 300, 0, R_FD_READ, 0, 0, P(&fd)), E_NAMETOOLONG);
  EQ(path_open(ROOT, FOLLOW, P(longest), sizeof longest, 0, R_FD_READ, 0, 0, P(&fd)), E_NAMETOOLONG);
  EQ(path_open(ROOT, FOLLOW, P(longest), ~0u, 0, R_FD_READ, 0, 0, P(&fd)), E_FAULT);
  EQ(path_open(ROOT, FOLLOW, ~0u, 1, 0, R_FD_READ, 0, 0, P(&fd)), E_FAULT);
  EQ(path_open(ROOT, FOLLOW, S("inside"), 0, R_FD_READ, 0, 0, ~0u), E_FAULT);
  EQ(path_open(ROOT, 2, S("inside"), 0, R_FD_READ, 0, 0, P(&fd)), E_INVAL);
  EQ(path_open(ROOT, FOLLOW, S("inside"), 16, R_FD_READ, 0, 0, P(&fd)), E_INVAL);
  EQ(path_open(ROOT, FOLLOW, S("inside"), 0, R_FD_READ, 0, 32, P(&fd)), E_INVAL);
  EQ(path_open(0, FOLLOW, S("inside"), 0, R_FD_READ, 0, 0, P(&fd)), E_NOTDIR);
  EQ(path_open(77, FOLLOW, S("inside"), 0, R_FD_READ, 0, 0, P(&fd)), E_BADF);
}

static void trailing_slashes(void) {
  Stat stat;
  u32 error, used;
  char buffer[16];
  OK(path_symlink(S("dir"), ROOT, S("to_dir")));
  OK(path_symlink(S("inside"), ROOT, S("to_file")));
  EQ(open_error(ROOT, "to_file/", 0), E_NOTDIR);
  EQ(open_error(ROOT, "inside/", 0), E_NOTDIR);
  EQ(path_unlink_file(ROOT, S("to_file/")), E_NOTDIR);
  EQ(path_filestat_get(ROOT, 0, S("inside/"), P(&stat)), E_NOTDIR);
  // With a slash behind it a link is followed, whatever the flags say: but a link that leads out is not.
  EQ(stat_of(ROOT, "to_dir/", 0).type, T_DIR);
  EQ(path_filestat_get(ROOT, 0, S("to_outside/"), P(&stat)), E_NOTCAPABLE);
  EQ(path_filestat_get(ROOT, 0, S("to_outside/."), P(&stat)), E_NOTCAPABLE);
  TRUE(path_remove_directory(ROOT, S("to_dir/")) != E_SUCCESS);
  TRUE(path_rename(ROOT, S("inside"), ROOT, S("new/")) != E_SUCCESS);
  TRUE(path_symlink(S("x"), ROOT, S("new/")) != E_SUCCESS);
  TRUE(path_link(ROOT, 0, S("inside"), ROOT, S("new/")) != E_SUCCESS);
  TRUE(path_readlink(ROOT, S("to_file/"), P(buffer), sizeof buffer, P(&used)) != E_SUCCESS);
  open_flags(ROOT, "to_outside/", O_CREATE, R_FILE, 0, &error);
  TRUE(error != E_SUCCESS);
}

int main(void) {
  outside();
  through_links();
  own_links();
  magic_links();
  malformed();
  trailing_slashes();
  TRUE(has_text(ROOT, "inside", "inside"));
  return finish();
}
