// Waiting until handles can be read or written, or until a time has passed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "os/file.h"

namespace ashlar::os {

/// One handle to wait for; the call fills in the second half.
struct WaitItem {
  int fd = -1;
  bool read = false;
  bool write = false;

  bool readable = false;
  bool writable = false;
  bool hangup = false;
  bool error = false;
  bool invalid = false;
};

/// Waits for one item at least, or for `nanoseconds` (nothing: without limit). The number of items that are ready;
/// EINTR when a signal came first.
SysResult<size_t> wait_files(std::span<WaitItem> items, std::optional<uint64_t> nanoseconds);

}  // namespace ashlar::os
