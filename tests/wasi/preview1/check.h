// For guest tests: preview 1's functions as plain integers (no C library between), constants, and checks.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef uint16_t u16;
typedef uint8_t u8;

#ifndef WASI_MODULE
#define WASI_MODULE "wasi_snapshot_preview1"
#endif
#define IMPORT(name, ...) __attribute__((import_module(WASI_MODULE), import_name(#name))) u32 name(__VA_ARGS__)

IMPORT(args_get, u32 argv, u32 buffer);
IMPORT(args_sizes_get, u32 count, u32 size);
IMPORT(environ_get, u32 environment, u32 buffer);
IMPORT(environ_sizes_get, u32 count, u32 size);
IMPORT(clock_res_get, u32 clock, u32 resolution);
IMPORT(clock_time_get, u32 clock, u64 precision, u32 time);
IMPORT(fd_advise, u32 fd, u64 offset, u64 length, u32 advice);
IMPORT(fd_allocate, u32 fd, u64 offset, u64 length);
IMPORT(fd_close, u32 fd);
IMPORT(fd_datasync, u32 fd);
IMPORT(fd_fdstat_get, u32 fd, u32 stat);
IMPORT(fd_fdstat_set_flags, u32 fd, u32 flags);
IMPORT(fd_fdstat_set_rights, u32 fd, u64 base, u64 inheriting);
IMPORT(fd_filestat_get, u32 fd, u32 stat);
IMPORT(fd_filestat_set_size, u32 fd, u64 size);
IMPORT(fd_filestat_set_times, u32 fd, u64 accessed, u64 modified, u32 flags);
IMPORT(fd_pread, u32 fd, u32 iovs, u32 count, u64 offset, u32 size);
IMPORT(fd_prestat_get, u32 fd, u32 prestat);
IMPORT(fd_prestat_dir_name, u32 fd, u32 path, u32 length);
IMPORT(fd_pwrite, u32 fd, u32 iovs, u32 count, u64 offset, u32 size);
IMPORT(fd_read, u32 fd, u32 iovs, u32 count, u32 size);
IMPORT(fd_readdir, u32 fd, u32 buffer, u32 length, u64 cookie, u32 size);
IMPORT(fd_renumber, u32 from, u32 to);
IMPORT(fd_seek, u32 fd, u64 offset, u32 whence, u32 position);
IMPORT(fd_sync, u32 fd);
IMPORT(fd_tell, u32 fd, u32 position);
IMPORT(fd_write, u32 fd, u32 iovs, u32 count, u32 size);
IMPORT(path_create_directory, u32 fd, u32 path, u32 length);
IMPORT(path_filestat_get, u32 fd, u32 lookup, u32 path, u32 length, u32 stat);
IMPORT(path_filestat_set_times, u32 fd, u32 lookup, u32 path, u32 length, u64 accessed, u64 modified, u32 flags);
IMPORT(path_link, u32 old_fd, u32 lookup, u32 old_path, u32 old_length, u32 new_fd, u32 new_path, u32 new_length);
IMPORT(path_open, u32 fd, u32 lookup, u32 path, u32 length, u32 oflags, u64 base, u64 inheriting, u32 flags,
       u32 opened);
IMPORT(path_readlink, u32 fd, u32 path, u32 length, u32 buffer, u32 buffer_length, u32 used);
IMPORT(path_remove_directory, u32 fd, u32 path, u32 length);
IMPORT(path_rename, u32 old_fd, u32 old_path, u32 old_length, u32 new_fd, u32 new_path, u32 new_length);
IMPORT(path_symlink, u32 target, u32 target_length, u32 fd, u32 path, u32 length);
IMPORT(path_unlink_file, u32 fd, u32 path, u32 length);
IMPORT(poll_oneoff, u32 in, u32 out, u32 count, u32 events);
IMPORT(proc_raise, u32 signal);
IMPORT(sched_yield, void);
IMPORT(random_get, u32 buffer, u32 length);
IMPORT(sock_recv, u32 fd, u32 iovs, u32 count, u32 flags, u32 size, u32 out_flags);
IMPORT(sock_send, u32 fd, u32 iovs, u32 count, u32 flags, u32 size);
IMPORT(sock_shutdown, u32 fd, u32 how);
IMPORT(sock_accept, u32 fd, u32 flags, u32 accepted);
__attribute__((import_module(WASI_MODULE), import_name("proc_exit"))) _Noreturn void proc_exit(u32 code);

enum {
  E_SUCCESS = 0,
  E_AGAIN = 6,
  E_BADF = 8,
  E_BUSY = 10,
  E_EXIST = 20,
  E_FAULT = 21,
  E_FBIG = 22,
  E_ILSEQ = 25,
  E_INVAL = 28,
  E_ISDIR = 31,
  E_LOOP = 32,
  E_MFILE = 33,
  E_NAMETOOLONG = 37,
  E_NOENT = 44,
  E_NOTCONN = 53,
  E_NOTDIR = 54,
  E_NOTEMPTY = 55,
  E_NOTSOCK = 57,
  E_NOTSUP = 58,
  E_NXIO = 60,
  E_OVERFLOW = 61,
  E_PERM = 63,
  E_ROFS = 69,
  E_SPIPE = 70,
  E_NOTCAPABLE = 76,
};

enum { O_CREATE = 1, O_DIR = 2, O_EXCLUSIVE = 4, O_TRUNCATE = 8 };
enum { F_APPEND = 1, F_DSYNC = 2, F_NONBLOCK = 4, F_RSYNC = 8, F_SYNC = 16 };
enum { T_UNKNOWN, T_BLOCK, T_CHAR, T_DIR, T_FILE, T_DGRAM, T_STREAM, T_LINK };
enum { FOLLOW = 1 };
enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };

#define R(bit) (UINT64_C(1) << (bit))
#define R_FD_DATASYNC R(0)
#define R_FD_READ R(1)
#define R_FD_SEEK R(2)
#define R_FD_SET_FLAGS R(3)
#define R_FD_SYNC R(4)
#define R_FD_TELL R(5)
#define R_FD_WRITE R(6)
#define R_FD_ADVISE R(7)
#define R_FD_ALLOCATE R(8)
#define R_PATH_CREATE_DIRECTORY R(9)
#define R_PATH_CREATE_FILE R(10)
#define R_PATH_LINK_SOURCE R(11)
#define R_PATH_LINK_TARGET R(12)
#define R_PATH_OPEN R(13)
#define R_FD_READDIR R(14)
#define R_PATH_READLINK R(15)
#define R_PATH_RENAME_SOURCE R(16)
#define R_PATH_RENAME_TARGET R(17)
#define R_PATH_FILESTAT_GET R(18)
#define R_PATH_SET_SIZE R(19)
#define R_PATH_SET_TIMES R(20)
#define R_FD_FILESTAT_GET R(21)
#define R_FD_SET_SIZE R(22)
#define R_FD_SET_TIMES R(23)
#define R_PATH_SYMLINK R(24)
#define R_PATH_REMOVE_DIRECTORY R(25)
#define R_PATH_UNLINK_FILE R(26)
#define R_POLL R(27)
#define R_SOCK_SHUTDOWN R(28)
#define R_SOCK_ACCEPT R(29)
#define R_FILE                                                                                                 \
  (R_FD_DATASYNC | R_FD_READ | R_FD_SEEK | R_FD_SET_FLAGS | R_FD_SYNC | R_FD_TELL | R_FD_WRITE | R_FD_ADVISE | \
   R_FD_ALLOCATE | R_FD_FILESTAT_GET | R_FD_SET_SIZE | R_FD_SET_TIMES | R_POLL)
#define R_DIR                                                                                                        \
  (R_FD_DATASYNC | R_FD_SET_FLAGS | R_FD_SYNC | R_PATH_CREATE_DIRECTORY | R_PATH_CREATE_FILE | R_PATH_LINK_SOURCE |  \
   R_PATH_LINK_TARGET | R_PATH_OPEN | R_FD_READDIR | R_PATH_READLINK | R_PATH_RENAME_SOURCE | R_PATH_RENAME_TARGET | \
   R_PATH_FILESTAT_GET | R_PATH_SET_SIZE | R_PATH_SET_TIMES | R_FD_FILESTAT_GET | R_FD_SET_TIMES | R_PATH_SYMLINK |  \
   R_PATH_REMOVE_DIRECTORY | R_PATH_UNLINK_FILE)
#define R_ALL (R_FILE | R_DIR)

typedef struct {
  u64 device, inode;
  u8 type;
  u64 links, size, accessed, modified, changed;
} Stat;
typedef struct {
  u8 type;
  u16 flags;
  u64 base, inheriting;
} FdStat;
typedef struct {
  u32 data, size;
} Iovec;
typedef struct {
  u64 userdata;
  u8 tag;
  union {
    struct {
      u32 id;
      u64 timeout, precision;
      u16 flags;
    } clock;
    u32 fd;
  };
} Subscription;
typedef struct {
  u64 userdata;
  u16 error;
  u8 type;
  u64 bytes;
  u16 flags;
} Event;
typedef struct {
  u64 next, inode;
  u32 length;
  u8 type;
} Dirent;
_Static_assert(sizeof(Stat) == 64 && sizeof(FdStat) == 24 && sizeof(Subscription) == 48, "layouts");
_Static_assert(sizeof(Event) == 32 && sizeof(Dirent) == 24, "layouts");

/// The first granted directory.
enum { ROOT = 3 };

static int failures;

static inline void check_equal(const char* file, int line, const char* what, u64 got, u64 wanted) {
  if (got == wanted) return;
  fprintf(stderr, "%s:%d: %s is %llu, not %llu\n", file, line, what, (unsigned long long)got,
          (unsigned long long)wanted);
  ++failures;
}
static inline void check_true(const char* file, int line, const char* what, int got) {
  if (got) return;
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
  ++failures;
}
#define EQ(got, wanted) check_equal(__FILE_NAME__, __LINE__, #got, (u64)(got), (u64)(wanted))
#define TRUE(condition) check_true(__FILE_NAME__, __LINE__, #condition, !!(condition))
#define OK(call) EQ(call, E_SUCCESS)

/// main's result: 0 when all checks held.
static inline int finish(void) {
  fflush(stdout);
  return failures ? 1 : 0;
}

/// A pointer as the ABI's integer; a string as a path's two arguments.
#define P(pointer) ((u32)(uintptr_t)(pointer))
#define S(text) P(text), (u32)strlen(text)

/// Opens below `dir` with all rights that apply, or ends in the errno as *error; the descriptor, or ~0.
static inline u32 open_flags(u32 dir, const char* path, u32 oflags, u64 rights, u32 flags, u32* error) {
  u32 fd = ~0u;
  *error = path_open(dir, FOLLOW, S(path), oflags, rights, R_ALL & rights, flags, P(&fd));
  return *error == E_SUCCESS ? fd : ~0u;
}
static inline u32 open_file(u32 dir, const char* path, u32 oflags) {
  u32 error;
  const u32 fd = open_flags(dir, path, oflags, R_FILE, 0, &error);
  if (error) {
    fprintf(stderr, "cannot open %s: errno %u\n", path, error);
    ++failures;
  }
  return fd;
}
static inline u32 open_dir(u32 dir, const char* path) {
  u32 fd = ~0u;
  const u32 error = path_open(dir, FOLLOW, S(path), O_DIR, R_DIR, R_ALL, 0, P(&fd));
  if (error) {
    fprintf(stderr, "cannot open directory %s: errno %u\n", path, error);
    ++failures;
  }
  return fd;
}
/// The errno of opening `path` for reading.
static inline u32 open_error(u32 dir, const char* path, u32 oflags) {
  u32 error;
  const u32 fd = open_flags(dir, path, oflags, R_FD_READ, 0, &error);
  if (!error) (void)fd_close(fd);
  return error;
}

static inline u32 write_text(u32 fd, const char* text) {
  u32 written = 0;
  const Iovec part = {P(text), (u32)strlen(text)};
  OK(fd_write(fd, P(&part), 1, P(&written)));
  return written;
}
/// Reads once; ends the text with NUL. The number of bytes, or ~0.
static inline u32 read_text(u32 fd, char* buffer, u32 size) {
  u32 got = 0;
  const Iovec part = {P(buffer), size - 1};
  if (fd_read(fd, P(&part), 1, P(&got)) != E_SUCCESS) return ~0u;
  buffer[got] = 0;
  return got;
}
static inline void make_file(u32 dir, const char* path, const char* text) {
  const u32 fd = open_file(dir, path, O_CREATE | O_TRUNCATE);
  write_text(fd, text);
  OK(fd_close(fd));
}
/// Is the file's whole content this text?
static inline int has_text(u32 dir, const char* path, const char* text) {
  char buffer[256];
  const u32 fd = open_file(dir, path, 0);
  const u32 got = read_text(fd, buffer, sizeof buffer);
  OK(fd_close(fd));
  return got != ~0u && strcmp(buffer, text) == 0;
}
static inline Stat stat_of(u32 dir, const char* path, u32 lookup) {
  Stat stat;
  memset(&stat, 0xaa, sizeof stat);
  OK(path_filestat_get(dir, lookup, S(path), P(&stat)));
  return stat;
}
