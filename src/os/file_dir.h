// Reading directories by position: entries with the cookie that continues behind them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "os/file.h"

namespace ashlar::os {

struct DirectoryEntry {
  uint64_t inode;
  uint64_t next;          ///< the position behind this entry; never 0
  FileKind kind;          ///< Unknown where the file system does not say
  std::string_view name;  ///< valid until the reader's next call
};

/// Reads the directory behind a handle it borrows. Positions are the file system's own, so they stay good while
/// entries come and go; position 0 is the start and reads afresh.
class DirectoryReader {
 public:
  SysResult<void> seek(int fd, uint64_t position);
  /// The next entry, or nothing at the end.
  SysResult<std::optional<DirectoryEntry>> next(int fd);

 private:
  SysResult<void> fill(int fd);

  std::vector<char> buffer_;
  size_t used_ = 0;
  size_t at_ = 0;
};

}  // namespace ashlar::os
