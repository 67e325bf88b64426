// Rights: what was given up or never handed on cannot be used, nor had back; nor can a read-only grant be written to.
#include "check.h"

static u32 dir_with(u64 base, u64 inheriting) {
  u32 fd = ~0u;
  OK(path_open(ROOT, FOLLOW, S("dir"), O_DIR, base, inheriting, 0, P(&fd)));
  return fd;
}

static void files_without(void) {
  char buffer[8];
  u32 n, error;
  u64 at;
  Iovec part = {P(buffer), 4};
  u32 fd = open_flags(ROOT, "dir/file", 0, R_FD_READ, 0, &error);
  OK(error);
  EQ(fd_write(fd, P(&part), 1, P(&n)), E_NOTCAPABLE);
  EQ(fd_pwrite(fd, P(&part), 1, 0, P(&n)), E_NOTCAPABLE);
  EQ(fd_seek(fd, 1, 0, P(&at)), E_NOTCAPABLE);
  EQ(fd_tell(fd, P(&at)), E_NOTCAPABLE);
  EQ(fd_filestat_set_size(fd, 0), E_NOTCAPABLE);
  EQ(fd_allocate(fd, 0, 100), E_NOTCAPABLE);
  EQ(fd_filestat_set_times(fd, 0, 0, MTIM), E_NOTCAPABLE);
  EQ(fd_advise(fd, 0, 0, 0), E_NOTCAPABLE);
  EQ(fd_sync(fd), E_NOTCAPABLE);
  EQ(fd_datasync(fd), E_NOTCAPABLE);
  Stat stat;
  EQ(fd_filestat_get(fd, P(&stat)), E_NOTCAPABLE);
  EQ(fd_fdstat_set_rights(fd, R_FD_READ | R_FD_WRITE, 0), E_NOTCAPABLE);
  OK(fd_fdstat_set_rights(fd, 0, 0));
  EQ(fd_read(fd, P(&part), 1, P(&n)), E_NOTCAPABLE);
  EQ(fd_fdstat_set_rights(fd, R_FD_READ, 0), E_NOTCAPABLE);
  OK(fd_close(fd));
  fd = open_flags(ROOT, "dir/file", 0, R_FD_WRITE, 0, &error);
  OK(error);
  EQ(fd_read(fd, P(&part), 1, P(&n)), E_NOTCAPABLE);
  EQ(fd_pread(fd, P(&part), 1, 0, P(&n)), E_NOTCAPABLE);
  OK(fd_close(fd));
}

static void directories_without(void) {
  u32 fd, error, used;
  char buffer[64];
  Stat stat;
  // A directory that can only be read from.
  const u32 dir = dir_with(R_PATH_OPEN | R_FD_READDIR, R_FD_READ);
  open_flags(dir, "file", 0, R_FD_READ, 0, &error);
  OK(error);
  open_flags(dir, "file", 0, R_FD_WRITE, 0, &error);
  EQ(error, E_NOTCAPABLE);
  open_flags(dir, "file", O_TRUNCATE, R_FD_READ, 0, &error);
  EQ(error, E_NOTCAPABLE);
  open_flags(dir, "new", O_CREATE, R_FD_READ, 0, &error);
  EQ(error, E_NOTCAPABLE);
  EQ(path_open(dir, FOLLOW, S("sub"), O_DIR, R_DIR, R_ALL, 0, P(&fd)), E_NOTCAPABLE);
  EQ(path_open(dir, FOLLOW, S("."), O_DIR, R_FD_READ, R_FD_WRITE, 0, P(&fd)), E_NOTCAPABLE);
  EQ(path_create_directory(dir, S("new")), E_NOTCAPABLE);
  EQ(path_remove_directory(dir, S("sub")), E_NOTCAPABLE);
  EQ(path_unlink_file(dir, S("file")), E_NOTCAPABLE);
  EQ(path_symlink(S("x"), dir, S("new")), E_NOTCAPABLE);
  EQ(path_readlink(dir, S("link"), P(buffer), sizeof buffer, P(&used)), E_NOTCAPABLE);
  EQ(path_filestat_get(dir, 0, S("file"), P(&stat)), E_NOTCAPABLE);
  EQ(path_filestat_set_times(dir, 0, S("file"), 0, 0, MTIM), E_NOTCAPABLE);
  EQ(path_rename(dir, S("file"), ROOT, S("stolen")), E_NOTCAPABLE);
  EQ(path_rename(ROOT, S("mine"), dir, S("file")), E_NOTCAPABLE);
  EQ(path_link(dir, 0, S("file"), ROOT, S("stolen")), E_NOTCAPABLE);
  EQ(path_link(ROOT, 0, S("mine"), dir, S("new")), E_NOTCAPABLE);
  EQ(fd_fdstat_set_rights(dir, R_DIR, R_ALL), E_NOTCAPABLE);
  EQ(fd_fdstat_set_rights(dir, R_PATH_OPEN, R_FD_READ | R_FD_WRITE), E_NOTCAPABLE);
  OK(fd_close(dir));

  const u32 blind = dir_with(R_PATH_FILESTAT_GET, R_ALL);
  EQ(open_error(blind, "file", 0), E_NOTCAPABLE);
  EQ(fd_readdir(blind, P(buffer), sizeof buffer, 0, P(&used)), E_NOTCAPABLE);
  OK(path_filestat_get(blind, 0, S("file"), P(&stat)));
  OK(fd_close(blind));
  // O_TRUNC with the right to write but not to set the size of a path.
  const u32 no_size = dir_with(R_PATH_OPEN, R_FD_READ | R_FD_WRITE);
  open_flags(no_size, "file", O_TRUNCATE, R_FD_WRITE, 0, &error);
  EQ(error, E_NOTCAPABLE);
  OK(fd_close(no_size));
  TRUE(has_text(ROOT, "dir/file", "text"));
}

static void read_only_grant(void) {
  const u32 grant = ROOT + 1;
  u32 error, fd;
  char buffer[16];
  fd = open_flags(grant, "file", 0, R_FD_READ, 0, &error);
  OK(error);
  EQ(read_text(fd, buffer, sizeof buffer), 9);
  OK(fd_close(fd));
  open_flags(grant, "file", 0, R_FD_WRITE, 0, &error);
  TRUE(error == E_ROFS || error == E_NOTCAPABLE || error == E_PERM);
  open_flags(grant, "file", O_TRUNCATE, R_FD_READ, 0, &error);
  TRUE(error != E_SUCCESS);
  open_flags(grant, "new", O_CREATE, R_FD_READ, 0, &error);
  TRUE(error != E_SUCCESS);
  open_flags(grant, "file", O_CREATE | O_EXCLUSIVE, R_FD_READ, 0, &error);
  TRUE(error != E_SUCCESS);
  TRUE(path_create_directory(grant, S("new")) != E_SUCCESS);
  TRUE(path_remove_directory(grant, S("sub")) != E_SUCCESS);
  TRUE(path_unlink_file(grant, S("file")) != E_SUCCESS);
  TRUE(path_symlink(S("x"), grant, S("new")) != E_SUCCESS);
  TRUE(path_rename(grant, S("file"), ROOT, S("taken")) != E_SUCCESS);
  TRUE(path_rename(ROOT, S("mine"), grant, S("new")) != E_SUCCESS);
  // A second name in a writable grant would lift the restriction.
  TRUE(path_link(grant, 0, S("file"), ROOT, S("taken")) != E_SUCCESS);
  TRUE(path_link(ROOT, 0, S("mine"), grant, S("new")) != E_SUCCESS);
  TRUE(path_filestat_set_times(grant, 0, S("file"), 0, 0, MTIM) != E_SUCCESS);
  fd = open_flags(grant, "file", 0, R_FILE & ~R_FD_WRITE, 0, &error);
  OK(error);
  TRUE(fd_filestat_set_size(fd, 0) != E_SUCCESS);
  TRUE(fd_allocate(fd, 0, 100) != E_SUCCESS);
  TRUE(fd_filestat_set_times(fd, 0, 0, MTIM) != E_SUCCESS);
  OK(fd_close(fd));
  // Nor below a directory opened through it.
  OK(path_open(grant, FOLLOW, S("sub"), O_DIR, R_DIR, R_ALL, 0, P(&fd)));
  TRUE(path_create_directory(fd, S("new")) != E_SUCCESS);
  open_flags(fd, "new", O_CREATE, R_FILE, 0, &error);
  TRUE(error != E_SUCCESS);
  OK(fd_renumber(fd, ROOT));
  TRUE(path_create_directory(ROOT, S("new")) != E_SUCCESS);
}

int main(void) {
  files_without();
  directories_without();
  read_only_grant();
  return finish();
}
