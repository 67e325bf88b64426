// Files of the operating system: an owning handle and thin calls on handles and directories, errors as errno values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>

namespace ashlar::os {

/// The value of a system call or its errno.
template <class T>
using SysResult = std::expected<T, int>;

/// A file descriptor of the operating system, closed with the object unless it was only borrowed. Move-only.
class Fd {
 public:
  Fd() = default;
  static Fd own(int raw) { return Fd(raw, true); }
  /// A handle that somebody else closes (standard streams).
  static Fd borrow(int raw) { return Fd(raw, false); }
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)), owned_(other.owned_) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { close(); }

  int raw() const { return raw_; }
  bool owned() const { return owned_; }
  explicit operator bool() const { return raw_ >= 0; }
  void close();

 private:
  Fd(int raw, bool owned) : raw_(raw), owned_(owned) {}
  int raw_ = -1;
  bool owned_ = false;
};

enum class FileKind : uint8_t { Unknown, Regular, Directory, Symlink, CharDevice, BlockDevice, Fifo, Socket };

/// Seconds since 1970 (negative before it) and nanoseconds after that second.
struct FileTime {
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
};

struct FileInfo {
  uint64_t device = 0;
  uint64_t inode = 0;
  FileKind kind = FileKind::Unknown;
  uint64_t links = 0;
  uint64_t size = 0;
  FileTime accessed;
  FileTime modified;
  FileTime changed;
};

/// How to open; combined with |. Handles are always close-on-exec and never become a controlling terminal.
enum OpenFlag : uint32_t {
  kOpenRead = 1,
  kOpenWrite = 2,
  kOpenCreate = 4,
  kOpenExclusive = 8,
  kOpenTruncate = 16,
  kOpenDirectory = 32,
  kOpenNoFollow = 64,
  kOpenAppend = 128,
  kOpenSync = 256,
  kOpenDataSync = 512,
  kOpenNonblock = 1024,
  kOpenPathOnly = 2048,  ///< a handle that names the file and gives no access to its content
};

/// The directory handle that stands for the process's working directory.
extern const int kWorkingDirectory;

SysResult<Fd> open_at(int dir, const char* path, uint32_t flags);
/// Another handle of the same open file.
SysResult<Fd> duplicate(const Fd& file);
/// Like open_at, but the kernel itself refuses to leave `dir` (EXDEV) and to follow magic links (ELOOP).
/// ENOSYS where the kernel cannot do that; EAGAIN when renames elsewhere keep disturbing it.
SysResult<Fd> open_beneath(int dir, const char* path, uint32_t flags);
/// Whether open_beneath works here.
bool has_open_beneath();

SysResult<FileInfo> file_info(int fd);
/// Of `name` in `dir` itself; a symbolic link is not followed.
SysResult<FileInfo> file_info_at(int dir, const char* name);
/// The text of symbolic link `name` in `dir`; with an empty name, of `dir` itself opened path-only.
SysResult<std::string> read_link_at(int dir, const char* name);

SysResult<void> make_directory_at(int dir, const char* name);
SysResult<void> remove_directory_at(int dir, const char* name);
SysResult<void> remove_file_at(int dir, const char* name);
SysResult<void> link_at(int old_dir, const char* old_name, int new_dir, const char* new_name);
SysResult<void> rename_at(int old_dir, const char* old_name, int new_dir, const char* new_name);
SysResult<void> symlink_at(const char* target, int dir, const char* name);

/// What to do with one of a file's times.
struct TimeChange {
  enum class Kind : uint8_t { Keep, Now, Set } kind = Kind::Keep;
  FileTime time;
};
/// Works on path-only handles too.
SysResult<void> set_file_times(int fd, TimeChange accessed, TimeChange modified);
/// Of `name` in `dir` itself; a symbolic link is not followed.
SysResult<void> set_file_times_at(int dir, const char* name, TimeChange accessed, TimeChange modified);

enum class Whence : uint8_t { Set, Current, End };
enum class Advice : uint8_t { Normal, Sequential, Random, WillNeed, DontNeed, NoReuse };

SysResult<uint64_t> seek_file(int fd, int64_t offset, Whence whence);
SysResult<void> set_file_size(int fd, uint64_t size);
SysResult<void> allocate_file(int fd, uint64_t offset, uint64_t length);
SysResult<void> advise_file(int fd, uint64_t offset, uint64_t length, Advice advice);
SysResult<void> sync_file(int fd, bool data_only);

/// A piece of memory for vectored transfers.
struct Buffer {
  void* data;
  size_t size;
};
inline constexpr size_t kMaxBuffers = 1024;  ///< pieces taken from one call; the rest is left for the next

/// Transfers between a file and at most kMaxBuffers pieces; EINTR is handed back to the caller.
SysResult<size_t> read_into(int fd, std::span<const Buffer> buffers);
SysResult<size_t> write_from(int fd, std::span<const Buffer> buffers);
SysResult<size_t> read_into_at(int fd, std::span<const Buffer> buffers, uint64_t offset);
SysResult<size_t> write_from_at(int fd, std::span<const Buffer> buffers, uint64_t offset);

struct StatusFlags {
  bool append = false;
  bool nonblock = false;
  bool sync = false;
  bool data_sync = false;
  bool readable = false;
  bool writable = false;
};
SysResult<StatusFlags> status_flags(int fd);
/// Changes append and nonblock of the open file (shared with everybody who holds it); the rest is fixed.
SysResult<void> set_status_flags(int fd, bool append, bool nonblock);

bool is_terminal(int fd);
/// Bytes that can be read at once from a pipe, socket or terminal; 0 where that is unknown.
uint64_t bytes_available(int fd);

}  // namespace ashlar::os
