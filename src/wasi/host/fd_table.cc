// Allocation and renumbering of descriptor numbers.
#include "wasi/host/fd_table.h"

#include <algorithm>

namespace ashlar::wasi::host {

HostResult<Descriptor*> FdTable::get(uint32_t fd) {
  if (fd >= slots_.size() || slots_[fd] == nullptr) return fail(Errno::badf);
  return slots_[fd].get();
}

HostResult<Descriptor*> FdTable::get(uint32_t fd, Rights needed) {
  HOST_ASSIGN(Descriptor * found, get(fd));
  HOST_TRY(found->require(needed));
  return found;
}

HostResult<uint32_t> FdTable::insert(Descriptor descriptor) {
  while (lowest_free_ < slots_.size() && slots_[lowest_free_] != nullptr) ++lowest_free_;
  if (lowest_free_ >= kMaxDescriptors) return fail(Errno::mfile);
  if (lowest_free_ == slots_.size()) slots_.emplace_back();
  slots_[lowest_free_] = std::make_unique<Descriptor>(std::move(descriptor));
  return static_cast<uint32_t>(lowest_free_);
}

void FdTable::place(uint32_t fd, Descriptor descriptor) {
  if (fd >= slots_.size()) slots_.resize(size_t{fd} + 1);
  slots_[fd] = std::make_unique<Descriptor>(std::move(descriptor));
}

HostStatus FdTable::close(uint32_t fd) {
  HOST_TRY(get(fd));
  slots_[fd].reset();
  lowest_free_ = std::min<size_t>(lowest_free_, fd);
  return {};
}

HostStatus FdTable::renumber(uint32_t from, uint32_t to) {
  HOST_TRY(get(from));
  HOST_TRY(get(to));
  if (from == to) return {};
  slots_[to] = std::move(slots_[from]);
  lowest_free_ = std::min<size_t>(lowest_free_, from);
  return {};
}

}  // namespace ashlar::wasi::host
