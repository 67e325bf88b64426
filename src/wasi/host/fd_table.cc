// Allocation and renumbering of descriptor numbers.
#include "wasi/host/fd_table.h"

#include <algorithm>

namespace ashlar::wasi::host {

HostResult<DescriptorRef> FdTable::get(uint32_t fd) {
  const auto held = lock();
  if (!open(fd)) return fail(Errno::badf);
  if (shared_) return DescriptorRef(slots_[fd]);
  return DescriptorRef(slots_[fd].get());
}

HostResult<DescriptorRef> FdTable::get(uint32_t fd, Rights needed) {
  HOST_ASSIGN(DescriptorRef found, get(fd));
  HOST_TRY(found->require(needed));
  return found;
}

HostResult<uint32_t> FdTable::insert(Descriptor descriptor) {
  if (!descriptor.share.take(quota_)) return fail(Errno::nfile);
  auto made = std::make_shared<Descriptor>(std::move(descriptor));
  const auto held = lock();
  while (lowest_free_ < slots_.size() && slots_[lowest_free_] != nullptr) ++lowest_free_;
  if (lowest_free_ >= kMaxDescriptors) return fail(Errno::mfile);
  if (lowest_free_ == slots_.size()) slots_.emplace_back();
  slots_[lowest_free_] = std::move(made);
  return static_cast<uint32_t>(lowest_free_);
}

HostStatus FdTable::place(uint32_t fd, Descriptor descriptor) {
  if (!descriptor.share.take(quota_)) return fail(Errno::nfile);
  if (fd >= slots_.size()) slots_.resize(size_t{fd} + 1);
  slots_[fd] = std::make_shared<Descriptor>(std::move(descriptor));
  return {};
}

HostStatus FdTable::close(uint32_t fd) {
  std::shared_ptr<Descriptor> closed;  // outlives the lock: closing may take its time
  const auto held = lock();
  if (!open(fd)) return fail(Errno::badf);
  closed = std::move(slots_[fd]);
  lowest_free_ = std::min<size_t>(lowest_free_, fd);
  return {};
}

HostStatus FdTable::renumber(uint32_t from, uint32_t to) {
  std::shared_ptr<Descriptor> closed;
  const auto held = lock();
  if (!open(from) || !open(to)) return fail(Errno::badf);
  if (from == to) return {};
  closed = std::exchange(slots_[to], std::move(slots_[from]));
  lowest_free_ = std::min<size_t>(lowest_free_, from);
  return {};
}

}  // namespace ashlar::wasi::host
