// Files on POSIX systems; openat2 and the other Linux extensions are confined to this file.
#include "os/file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define ASHLAR_HAS_OPENAT2 1
#endif

namespace ashlar::os {
namespace {

std::unexpected<int> last_error() { return std::unexpected(errno); }

SysResult<void> done(int rc) {
  if (rc != 0) return last_error();
  return {};
}

int to_open_flags(uint32_t flags) {
  int out = O_CLOEXEC | O_NOCTTY;
  if (flags & kOpenPathOnly) {
    out = O_CLOEXEC | O_PATH;
  } else if ((flags & kOpenRead) && (flags & kOpenWrite)) {
    out |= O_RDWR;
  } else if (flags & kOpenWrite) {
    out |= O_WRONLY;
  }
  constexpr std::pair<uint32_t, int> kBits[] = {
      {kOpenCreate, O_CREAT},        {kOpenExclusive, O_EXCL},    {kOpenTruncate, O_TRUNC},
      {kOpenDirectory, O_DIRECTORY}, {kOpenNoFollow, O_NOFOLLOW}, {kOpenAppend, O_APPEND},
      {kOpenSync, O_SYNC},           {kOpenDataSync, O_DSYNC},    {kOpenNonblock, O_NONBLOCK},
  };
  for (auto [bit, native] : kBits) {
    if (flags & bit) out |= native;
  }
  return out;
}

FileKind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileKind::Regular;
    case S_IFDIR:
      return FileKind::Directory;
    case S_IFLNK:
      return FileKind::Symlink;
    case S_IFCHR:
      return FileKind::CharDevice;
    case S_IFBLK:
      return FileKind::BlockDevice;
    case S_IFIFO:
      return FileKind::Fifo;
    case S_IFSOCK:
      return FileKind::Socket;
    default:
      return FileKind::Unknown;
  }
}

FileTime time_of(const timespec& t) { return {t.tv_sec, static_cast<uint32_t>(t.tv_nsec)}; }

FileInfo info_of(const struct stat& st) {
  FileInfo info;
  info.device = st.st_dev;
  info.inode = st.st_ino;
  info.kind = kind_of(st.st_mode);
  info.links = st.st_nlink;
  info.size = st.st_size < 0 ? 0 : static_cast<uint64_t>(st.st_size);
  info.accessed = time_of(st.st_atim);
  info.modified = time_of(st.st_mtim);
  info.changed = time_of(st.st_ctim);
  return info;
}

timespec to_timespec(const TimeChange& change) {
  switch (change.kind) {
    case TimeChange::Kind::Keep:
      return {0, UTIME_OMIT};
    case TimeChange::Kind::Now:
      return {0, UTIME_NOW};
    case TimeChange::Kind::Set:
      break;
  }
  return {static_cast<time_t>(change.time.seconds), static_cast<long>(change.time.nanoseconds)};
}

bool fits_offset(uint64_t value) { return value <= static_cast<uint64_t>(INT64_MAX); }

/// Buffers have iovec's members in iovec's order, but stay another type: copied, at most kMaxBuffers.
struct Iovecs {
  explicit Iovecs(std::span<const Buffer> buffers) : count(static_cast<int>(std::min(buffers.size(), kMaxBuffers))) {
    for (int i = 0; i < count; ++i)
      list[static_cast<size_t>(i)] = {buffers[static_cast<size_t>(i)].data, buffers[static_cast<size_t>(i)].size};
  }
  std::array<iovec, kMaxBuffers> list;
  int count;
};

SysResult<size_t> transferred(ssize_t n) {
  if (n < 0) return last_error();
  return static_cast<size_t>(n);
}

}  // namespace

const int kWorkingDirectory = AT_FDCWD;

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    close();
    raw_ = std::exchange(other.raw_, -1);
    owned_ = other.owned_;
  }
  return *this;
}

void Fd::close() {
  // Linux releases the descriptor even when close reports EINTR, so there is nothing to retry.
  if (raw_ >= 0 && owned_) ::close(raw_);
  raw_ = -1;
}

SysResult<Fd> open_at(int dir, const char* path, uint32_t flags) {
  int fd;
  do {
    fd = ::openat(dir, path, to_open_flags(flags), 0666);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return last_error();
  return Fd::own(fd);
}

SysResult<Fd> duplicate(const Fd& file) {
  const int fd = ::fcntl(file.raw(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return last_error();
  return Fd::own(fd);
}

#ifdef ASHLAR_HAS_OPENAT2
SysResult<Fd> open_beneath(int dir, const char* path, uint32_t flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(to_open_flags(flags));
  how.mode = (flags & kOpenCreate) ? 0666 : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // A rename or mount elsewhere in the system may spoil the kernel's proof that it stayed beneath; it then says
  // EAGAIN. After a few attempts the caller resolves by hand, which cannot be disturbed for ever.
  for (int attempt = 0; attempt < 16; ++attempt) {
    long fd = ::syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd >= 0) return Fd::own(static_cast<int>(fd));
    if (errno != EAGAIN && errno != EINTR) return last_error();
  }
  return std::unexpected(EAGAIN);
}

bool has_open_beneath() {
  // Sandboxes around this process may answer EPERM for a call that they don't know, which would be mistaken for a
  // file's permissions later: ask once about a directory that can surely be named.
  static const bool has = [] {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    Fd root = Fd::own(::open("/", O_PATH | O_CLOEXEC));
    return static_cast<bool>(Fd::own(static_cast<int>(::syscall(SYS_openat2, root.raw(), ".", &how, sizeof how))));
  }();
  return has;
}
#else
SysResult<Fd> open_beneath(int, const char*, uint32_t) { return std::unexpected(ENOSYS); }
bool has_open_beneath() { return false; }
#endif

SysResult<FileInfo> file_info(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return last_error();
  return info_of(st);
}

SysResult<FileInfo> file_info_at(int dir, const char* name) {
  struct stat st;
  if (::fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return last_error();
  return info_of(st);
}

SysResult<std::string> read_link_at(int dir, const char* name) {
  std::array<char, PATH_MAX> text;
  ssize_t n = ::readlinkat(dir, name, text.data(), text.size());
  if (n < 0) return last_error();
  return std::string(text.data(), static_cast<size_t>(n));
}

SysResult<void> make_directory_at(int dir, const char* name) { return done(::mkdirat(dir, name, 0777)); }
SysResult<void> remove_directory_at(int dir, const char* name) { return done(::unlinkat(dir, name, AT_REMOVEDIR)); }
SysResult<void> remove_file_at(int dir, const char* name) { return done(::unlinkat(dir, name, 0)); }
SysResult<void> link_at(int old_dir, const char* old_name, int new_dir, const char* new_name) {
  return done(::linkat(old_dir, old_name, new_dir, new_name, 0));
}
SysResult<void> rename_at(int old_dir, const char* old_name, int new_dir, const char* new_name) {
  return done(::renameat(old_dir, old_name, new_dir, new_name));
}
SysResult<void> symlink_at(const char* target, int dir, const char* name) {
  return done(::symlinkat(target, dir, name));
}

SysResult<void> set_file_times(int fd, TimeChange accessed, TimeChange modified) {
  const timespec times[2] = {to_timespec(accessed), to_timespec(modified)};
  if (::futimens(fd, times) == 0) return {};
  if (errno != EBADF) return last_error();
  // Path-only handles: the empty path names the handle itself (Linux 5.8); older kernels go through /proc.
  if (::utimensat(fd, "", times, AT_EMPTY_PATH) == 0) return {};
  if (errno != EINVAL && errno != ENOENT) return last_error();
  char self[32];
  std::snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  return done(::utimensat(AT_FDCWD, self, times, 0));
}

SysResult<void> set_file_times_at(int dir, const char* name, TimeChange accessed, TimeChange modified) {
  const timespec times[2] = {to_timespec(accessed), to_timespec(modified)};
  return done(::utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW));
}

SysResult<uint64_t> seek_file(int fd, int64_t offset, Whence whence) {
  constexpr int kNative[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  off_t at = ::lseek(fd, offset, kNative[static_cast<int>(whence)]);
  if (at < 0) return last_error();
  return static_cast<uint64_t>(at);
}

SysResult<void> set_file_size(int fd, uint64_t size) {
  if (!fits_offset(size)) return std::unexpected(EINVAL);
  int rc;
  do {
    rc = ::ftruncate(fd, static_cast<off_t>(size));
  } while (rc != 0 && errno == EINTR);
  return done(rc);
}

SysResult<void> allocate_file(int fd, uint64_t offset, uint64_t length) {
  if (length == 0 || !fits_offset(offset) || !fits_offset(length)) return std::unexpected(EINVAL);
  if (length > static_cast<uint64_t>(INT64_MAX) - offset) return std::unexpected(EFBIG);
#if defined(__linux__)
  int rc;
  do {
    rc = ::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (rc != 0 && errno == EINTR);
  return done(rc);
#else
  int rc = ::posix_fallocate(fd, static_cast<off_t>(offset), static_cast<off_t>(length));
  if (rc != 0) return std::unexpected(rc);
  return {};
#endif
}

SysResult<void> advise_file(int fd, uint64_t offset, uint64_t length, Advice advice) {
  if (!fits_offset(offset) || !fits_offset(length)) return std::unexpected(EINVAL);
  constexpr int kNative[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  int rc =
      ::posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(length), kNative[static_cast<int>(advice)]);
  if (rc != 0) return std::unexpected(rc);
  return {};
}

SysResult<void> sync_file(int fd, bool data_only) { return done(data_only ? ::fdatasync(fd) : ::fsync(fd)); }

SysResult<size_t> read_into(int fd, std::span<const Buffer> buffers) {
  Iovecs v(buffers);
  return transferred(v.count == 1 ? ::read(fd, v.list[0].iov_base, v.list[0].iov_len)
                                  : ::readv(fd, v.list.data(), v.count));
}

SysResult<size_t> write_from(int fd, std::span<const Buffer> buffers) {
  Iovecs v(buffers);
  return transferred(v.count == 1 ? ::write(fd, v.list[0].iov_base, v.list[0].iov_len)
                                  : ::writev(fd, v.list.data(), v.count));
}

SysResult<size_t> read_into_at(int fd, std::span<const Buffer> buffers, uint64_t offset) {
  if (!fits_offset(offset)) return std::unexpected(EINVAL);
  Iovecs v(buffers);
  return transferred(::preadv(fd, v.list.data(), v.count, static_cast<off_t>(offset)));
}

SysResult<size_t> write_from_at(int fd, std::span<const Buffer> buffers, uint64_t offset) {
  if (!fits_offset(offset)) return std::unexpected(EINVAL);
  Iovecs v(buffers);
  return transferred(::pwritev(fd, v.list.data(), v.count, static_cast<off_t>(offset)));
}

SysResult<StatusFlags> status_flags(int fd) {
  int native = ::fcntl(fd, F_GETFL);
  if (native < 0) return last_error();
  StatusFlags flags;
  flags.append = (native & O_APPEND) != 0;
  flags.nonblock = (native & O_NONBLOCK) != 0;
  flags.sync = (native & O_SYNC) == O_SYNC;
  flags.data_sync = (native & O_DSYNC) != 0;
  int access = native & O_ACCMODE;
  flags.readable = access == O_RDONLY || access == O_RDWR;
  flags.writable = access == O_WRONLY || access == O_RDWR;
  return flags;
}

SysResult<void> set_status_flags(int fd, bool append, bool nonblock) {
  int native = ::fcntl(fd, F_GETFL);
  if (native < 0) return last_error();
  int wanted = (native & ~(O_APPEND | O_NONBLOCK)) | (append ? O_APPEND : 0) | (nonblock ? O_NONBLOCK : 0);
  if (wanted == native) return {};
  return done(::fcntl(fd, F_SETFL, wanted));
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

uint64_t bytes_available(int fd) {
  int n = 0;
  if (::ioctl(fd, FIONREAD, &n) != 0 || n < 0) return 0;
  return static_cast<uint64_t>(n);
}

}  // namespace ashlar::os
