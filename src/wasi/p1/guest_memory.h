// The guest's memory as the adapter sees it: every access checked, little-endian, any alignment.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "wasi/host/errno.h"

namespace ashlar::wasi::p1 {

using host::Errno;
using host::HostResult;
using host::HostStatus;

template <std::integral T>
constexpr T little_endian(T value) {
  if constexpr (std::endian::native == std::endian::big) return std::byteswap(value);
  return value;
}

/// A view of the memory during one call. `fault` for what lies outside; addresses are 32-bit, so sums cannot wrap in
/// 64. Another thread may change a shared memory at any time: what is checked is read once, into the host's memory.
struct GuestMemory {
  uint8_t* base = nullptr;
  uint64_t size = 0;

  bool contains(uint64_t at, uint64_t length) const { return length <= size && at <= size - length; }

  HostResult<std::span<uint8_t>> bytes(uint32_t at, uint64_t length) const {
    if (!contains(at, length)) return host::fail(Errno::fault);
    return std::span<uint8_t>(base + at, static_cast<size_t>(length));
  }

  template <std::integral T>
  HostResult<T> load(uint32_t at) const {
    if (!contains(at, sizeof(T))) return host::fail(Errno::fault);
    T value;
    std::memcpy(&value, base + at, sizeof value);
    return little_endian(value);
  }

  template <std::integral T>
  HostStatus store(uint32_t at, T value) const {
    if (!contains(at, sizeof(T))) return host::fail(Errno::fault);
    value = little_endian(value);
    std::memcpy(base + at, &value, sizeof value);
    return {};
  }

  HostStatus write(uint32_t at, std::span<const uint8_t> from) const {
    if (!contains(at, from.size())) return host::fail(Errno::fault);
    if (!from.empty()) std::memcpy(base + at, from.data(), from.size());
    return {};
  }

  /// For results that are written after the work is done: fails before anything has happened.
  HostStatus require(uint32_t at, uint64_t length) const {
    if (!contains(at, length)) return host::fail(Errno::fault);
    return {};
  }

  HostResult<std::string> string(uint32_t at, uint32_t length) const {
    if (!contains(at, length)) return host::fail(Errno::fault);
    return std::string(reinterpret_cast<const char*>(base + at), length);
  }
};

/// One of the ABI's structures on its way to the guest: all of it is written, padding as zeros.
template <size_t Size>
class Record {
 public:
  template <std::integral T>
  Record& put(size_t at, T value) {
    static_assert(sizeof(T) <= Size);
    value = little_endian(value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
    return *this;
  }
  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::array<uint8_t, Size> bytes_{};
};

/// One of the ABI's structures copied from the guest.
template <size_t Size>
class GuestRecord {
 public:
  /// `from` holds Size bytes.
  explicit GuestRecord(const uint8_t* from) { std::memcpy(bytes_.data(), from, Size); }
  template <std::integral T>
  T get(size_t at) const {
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return little_endian(value);
  }

 private:
  std::array<uint8_t, Size> bytes_;
};

}  // namespace ashlar::wasi::p1
