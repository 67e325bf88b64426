// The guest's descriptor numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "wasi/host/descriptor.h"

namespace ashlar::wasi::host {

inline constexpr uint32_t kMaxDescriptors = 1 << 16;

/// Numbers to descriptors; a new descriptor takes the lowest free number. Not safe for use by several threads at once.
/// Pointers stay good until that number is closed or renumbered.
class FdTable {
 public:
  /// badf for a number that is not open.
  HostResult<Descriptor*> get(uint32_t fd);
  /// Also notcapable when rights are missing.
  HostResult<Descriptor*> get(uint32_t fd, Rights needed);
  /// mfile when the table is full.
  HostResult<uint32_t> insert(Descriptor descriptor);
  /// Puts a descriptor at a number, closing what was there; for setting up standard streams.
  void place(uint32_t fd, Descriptor descriptor);
  HostStatus close(uint32_t fd);
  /// Moves `from` onto `to`, which must be open and is closed; `from` is free then.
  HostStatus renumber(uint32_t from, uint32_t to);

 private:
  std::vector<std::unique_ptr<Descriptor>> slots_;
  size_t lowest_free_ = 0;  ///< no free slot lies below
};

}  // namespace ashlar::wasi::host
