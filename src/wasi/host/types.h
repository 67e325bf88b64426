// Plain values of the services: kinds, flags and file attributes, numbered as preview 1 does.
#pragma once

#include <cstdint>

#include "os/file.h"

namespace ashlar::wasi::host {

enum class FileType : uint8_t {
  Unknown = 0,
  BlockDevice = 1,
  CharacterDevice = 2,
  Directory = 3,
  RegularFile = 4,
  SocketDgram = 5,
  SocketStream = 6,
  SymbolicLink = 7,
};
FileType file_type_of(os::FileKind kind);

namespace fd_flag {
inline constexpr uint16_t kAppend = 1;
inline constexpr uint16_t kDsync = 2;
inline constexpr uint16_t kNonblock = 4;
inline constexpr uint16_t kRsync = 8;
inline constexpr uint16_t kSync = 16;
inline constexpr uint16_t kAll = 31;
}  // namespace fd_flag

struct FileStat {
  uint64_t device = 0;
  uint64_t inode = 0;
  FileType type = FileType::Unknown;
  uint64_t links = 0;
  uint64_t size = 0;
  uint64_t accessed = 0;  ///< nanoseconds since 1970; earlier times are 0, later than 2554 the largest value
  uint64_t modified = 0;
  uint64_t changed = 0;
};
FileStat file_stat_of(const os::FileInfo& info);

os::FileTime file_time_of(uint64_t nanoseconds);

}  // namespace ashlar::wasi::host
