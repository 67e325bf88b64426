// Checks of addresses that lifting and lowering share.
#pragma once

#include <algorithm>

#include "component/canon.h"

namespace ashlar::component {

inline Status check_aligned(ErrorCode code, uint64_t address, uint32_t align) {
  if ((address & (align - 1)) == 0) return {};
  return make_error(code, kNoOffset, std::to_string(address), std::to_string(align));
}

inline Status check_bounds(ErrorCode code, const MemoryView& memory, uint64_t address, uint64_t size) {
  if (address <= memory.size && size <= memory.size - address) return {};
  return make_error(code, kNoOffset, std::to_string(size), std::to_string(address), std::to_string(memory.size));
}

/// Sizes that are saturated and not to be trusted; validation refuses such types.
inline constexpr uint32_t kTooLarge = uint32_t{1} << 31;

/// CanonicalABI.md, load_list_from_range: `count` may be anything.
inline Status check_list(const MemoryView& memory, uint64_t address, uint64_t count, const AbiLayout& element) {
  CHECK(element.size < kTooLarge);
  const uint64_t most = kMaxListBytes / std::max<uint32_t>(element.size, 1);
  if (count > most) {
    return make_error(ErrorCode::canon_list_too_long, kNoOffset,
                      std::to_string(count) + " elements of " + std::to_string(element.size),
                      std::to_string(kMaxListBytes));
  }
  TRY(check_aligned(ErrorCode::canon_unaligned, address, element.align));
  return check_bounds(ErrorCode::canon_list_bounds, memory, address, count * element.size);
}

inline uint64_t utf16_tag(const CanonOptions& options) { return uint64_t{1} << (options.memory64 ? 63 : 31); }

/// What types flatten to together; saturates somewhere above every limit.
inline uint32_t flat_count(std::span<const Member> types) {
  uint32_t count = 0;
  for (const Member& member : types) count = std::min(count + member.type->flat_count, kManyFlat);
  return count;
}

}  // namespace ashlar::component
