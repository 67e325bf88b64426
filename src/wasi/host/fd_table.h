// The guest's descriptor numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "wasi/host/descriptor.h"

namespace ashlar::wasi::host {

inline constexpr uint32_t kMaxDescriptors = 1 << 16;

/// A descriptor in use: of a table that threads share it stays open meanwhile, whoever closes its number; else it must
/// not be used after that.
class DescriptorRef {
 public:
  DescriptorRef() = default;
  explicit DescriptorRef(Descriptor* raw) : raw_(raw) {}
  explicit DescriptorRef(std::shared_ptr<Descriptor> kept) : raw_(kept.get()), kept_(std::move(kept)) {}
  Descriptor& operator*() const { return *raw_; }
  Descriptor* operator->() const { return raw_; }

 private:
  Descriptor* raw_ = nullptr;
  std::shared_ptr<Descriptor> kept_;
};

/// Numbers to descriptors; a new descriptor takes the lowest free number. Belongs to one thread at a time until
/// share(): before that nothing is locked, nor counted.
class FdTable {
 public:
  FdTable() = default;
  FdTable(const FdTable&) = delete;
  FdTable& operator=(const FdTable&) = delete;

  /// From now on any threads use it at the same time. For the thread that has it, while it holds no DescriptorRef.
  void share() {
    if (!shared_) shared_ = true;
  }

  /// Counts every descriptor from now on, and readers of directories; null: nobody does.
  void set_quota(Quota* quota) { quota_ = quota; }
  /// badf for a number that is not open.
  HostResult<DescriptorRef> get(uint32_t fd);
  /// Also notcapable when rights are missing.
  HostResult<DescriptorRef> get(uint32_t fd, Rights needed);
  /// mfile when the table is full, nfile when the quota is.
  HostResult<uint32_t> insert(Descriptor descriptor);
  /// Puts a descriptor at a number, closing what was there; for setting up standard streams. nfile when
  /// the quota is full.
  HostStatus place(uint32_t fd, Descriptor descriptor);
  HostStatus close(uint32_t fd);
  /// Moves `from` onto `to`, which must be open and is closed; `from` is free then.
  HostStatus renumber(uint32_t from, uint32_t to);

 private:
  std::unique_lock<std::mutex> lock() {
    return shared_ ? std::unique_lock(mutex_) : std::unique_lock(mutex_, std::defer_lock);
  }
  bool open(uint32_t fd) const { return fd < slots_.size() && slots_[fd] != nullptr; }

  bool shared_ = false;
  std::mutex mutex_;  ///< of what follows, when shared
  std::vector<std::shared_ptr<Descriptor>> slots_;
  Quota* quota_ = nullptr;
  size_t lowest_free_ = 0;  ///< no free slot lies below
};

}  // namespace ashlar::wasi::host
