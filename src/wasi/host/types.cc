// Conversions between the operating system's values and the guest's.
#include "wasi/host/types.h"

namespace ashlar::wasi::host {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

uint64_t nanoseconds_of(const os::FileTime& time) {
  if (time.seconds < 0) return 0;
  const auto seconds = static_cast<uint64_t>(time.seconds);
  if (seconds > (UINT64_MAX - time.nanoseconds) / kSecond) return UINT64_MAX;
  return seconds * kSecond + time.nanoseconds;
}

}  // namespace

FileType file_type_of(os::FileKind kind) {
  switch (kind) {
    case os::FileKind::Regular:
      return FileType::RegularFile;
    case os::FileKind::Directory:
      return FileType::Directory;
    case os::FileKind::Symlink:
      return FileType::SymbolicLink;
    case os::FileKind::CharDevice:
      return FileType::CharacterDevice;
    case os::FileKind::BlockDevice:
      return FileType::BlockDevice;
    case os::FileKind::Socket:
      return FileType::SocketStream;
    case os::FileKind::Fifo:
    case os::FileKind::Unknown:
      break;
  }
  return FileType::Unknown;
}

FileStat file_stat_of(const os::FileInfo& info) {
  FileStat stat;
  stat.device = info.device;
  stat.inode = info.inode;
  stat.type = file_type_of(info.kind);
  stat.links = info.links;
  stat.size = info.size;
  stat.accessed = nanoseconds_of(info.accessed);
  stat.modified = nanoseconds_of(info.modified);
  stat.changed = nanoseconds_of(info.changed);
  return stat;
}

os::FileTime file_time_of(uint64_t nanoseconds) {
  return {static_cast<int64_t>(nanoseconds / kSecond), static_cast<uint32_t>(nanoseconds % kSecond)};
}

}  // namespace ashlar::wasi::host
