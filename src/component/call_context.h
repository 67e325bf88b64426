// One lift or lower between the host and a component instance: its memory, its realloc, its handles.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "component/instance.h"

namespace ashlar::component {

/// What typed lifting and lowering works with. The first failure counts; whoever goes on after it gets zeros.
class CallContext {
 public:
  CallContext(Instance& instance, uint32_t component_instance, const BoundOptions& options)
      : instance_(instance), component_instance_(component_instance), options_(options) {
    refresh();
  }

  bool failed() const { return !status_; }
  void fail(Error error) {
    if (status_) status_ = std::unexpected(std::move(error));
  }
  void fail(AdapterTrap trap) { fail(Error(ErrorCode::component_trap, kNoOffset, std::string(text_of(trap)))); }
  Status take_status() { return std::move(status_); }
  Instance& instance() const { return instance_; }

  /// The bytes at an address; null (and failed) when they are not all in memory, or it is not aligned.
  uint8_t* bytes(uint64_t address, uint64_t size, uint32_t align) {
    if ((address & (align - 1)) != 0) {
      fail(AdapterTrap::unaligned_pointer);
      return nullptr;
    }
    if (size > size_ || address > size_ - size) {
      fail(AdapterTrap::pointer_out_of_bounds);
      return nullptr;
    }
    return base_ + address;
  }
  template <class T>
  T read(uint64_t address) const {
    T out;
    std::memcpy(&out, base_ + address, sizeof out);
    return out;
  }
  template <class T>
  void write(uint64_t address, T value) const {
    std::memcpy(base_ + address, &value, sizeof value);
  }

  /// Room in the guest, through its realloc; 0 after a failure. Memory may have moved or grown.
  uint32_t allocate(uint32_t align, uint64_t size);

  // Strings are UTF-8 here, whatever the guest's encoding.
  std::string load_string(uint32_t pointer, uint32_t length);
  /// The address and the tagged length. `checked`: it is known to be UTF-8.
  std::pair<uint32_t, uint32_t> store_string(std::string_view utf8, bool checked = false);
  /// Without a copy where the guest's string is UTF-8; else of `storage`, which gets it. Valid until the guest runs.
  std::string_view view_string(uint32_t pointer, uint32_t length, std::string& storage);
  /// The elements of a list of numbers, in bytes, where they lie; likewise.
  std::span<const uint8_t> view_list(uint32_t pointer, uint32_t length, const ValType& element);

  // Handles: what the instance's table has, from and to representations.
  uint32_t lift_own(ResourceId resource, uint32_t handle);
  uint32_t lift_borrow(ResourceId resource, uint32_t handle);
  uint32_t lower_own(ResourceId resource, uint32_t rep);
  uint32_t lower_borrow(ResourceId resource, uint32_t rep);

 private:
  void refresh();
  Instance& instance_;
  uint32_t component_instance_;
  const BoundOptions& options_;
  uint8_t* base_ = nullptr;
  uint64_t size_ = 0;
  Status status_;
};

}  // namespace ashlar::component
