// A guest's memory with a realloc that only gives out, for tests of lifting and lowering.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "component/canon.h"

namespace ashlar::component {

/// Grows (and so moves) with each allocation; notes the calls.
class FakeGuest final : public GuestMemory {
 public:
  explicit FakeGuest(size_t size = 16) : bytes(size), top(size) {}

  MemoryView view() override { return {bytes.data(), bytes.size()}; }
  Result<uint64_t> realloc(uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size) override {
    calls += std::to_string(old_size) + "/" + std::to_string(align) + "/" + std::to_string(new_size) + " ";
    if (answer) return answer(old, new_size);
    const uint64_t at = align_up(top, align);
    top = at + new_size;
    std::vector<uint8_t> larger(top, 0xcc);
    std::memcpy(larger.data(), bytes.data(), bytes.size());
    if (old_size != 0) std::memcpy(&larger[at], &bytes[old], std::min(old_size, new_size));
    bytes = std::move(larger);
    return at;
  }

  std::vector<uint8_t> bytes;
  uint64_t top;
  std::string calls;
  std::function<uint64_t(uint64_t old, uint64_t size)> answer;  ///< instead of allocating
};

/// Types of one allocation unit for tests to name shortly.
inline std::vector<Member> one(const ValType* type) { return {{"v", type}}; }

}  // namespace ashlar::component
