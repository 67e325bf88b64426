// Directory reading with getdents64, whose records carry the position behind each entry.
#include "os/file_dir.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ashlar::os {
namespace {

// The kernel's struct linux_dirent64:  u64 inode | i64 next | u16 record size | u8 type | name, NUL, padding
constexpr size_t kInodeAt = 0;
constexpr size_t kNextAt = 8;
constexpr size_t kSizeAt = 16;
constexpr size_t kTypeAt = 18;
constexpr size_t kNameAt = 19;
constexpr size_t kBufferSize = 32 * 1024;

template <class T>
T field(const char* record, size_t at) {
  T value;
  std::memcpy(&value, record + at, sizeof value);
  return value;
}

FileKind kind_of(uint8_t type) {
  switch (type) {
    case DT_REG:
      return FileKind::Regular;
    case DT_DIR:
      return FileKind::Directory;
    case DT_LNK:
      return FileKind::Symlink;
    case DT_CHR:
      return FileKind::CharDevice;
    case DT_BLK:
      return FileKind::BlockDevice;
    case DT_FIFO:
      return FileKind::Fifo;
    case DT_SOCK:
      return FileKind::Socket;
    default:
      return FileKind::Unknown;
  }
}

}  // namespace

SysResult<void> DirectoryReader::seek(int fd, uint64_t position) {
  if (position != 0) {
    // Most calls continue inside what was read last time.
    for (size_t at = 0; at < used_;) {
      const char* record = buffer_.data() + at;
      at += field<uint16_t>(record, kSizeAt);
      if (field<uint64_t>(record, kNextAt) == position) {
        at_ = at;
        return {};
      }
    }
    if (position > static_cast<uint64_t>(INT64_MAX)) return std::unexpected(EINVAL);
  }
  used_ = at_ = 0;
  auto moved = seek_file(fd, static_cast<int64_t>(position), Whence::Set);
  if (!moved) return std::unexpected(moved.error());
  return {};
}

SysResult<void> DirectoryReader::fill(int fd) {
  if (buffer_.empty()) buffer_.resize(kBufferSize);
  long n = ::syscall(SYS_getdents64, fd, buffer_.data(), buffer_.size());
  used_ = at_ = 0;
  if (n < 0) return std::unexpected(errno);
  used_ = static_cast<size_t>(n);
  return {};
}

SysResult<std::optional<DirectoryEntry>> DirectoryReader::next(int fd) {
  if (at_ >= used_) {
    auto filled = fill(fd);
    if (!filled) return std::unexpected(filled.error());
    if (used_ == 0) return std::nullopt;
  }
  const char* record = buffer_.data() + at_;
  at_ += field<uint16_t>(record, kSizeAt);
  return DirectoryEntry{field<uint64_t>(record, kInodeAt), field<uint64_t>(record, kNextAt),
                        kind_of(field<uint8_t>(record, kTypeAt)), std::string_view(record + kNameAt)};
}

}  // namespace ashlar::os
