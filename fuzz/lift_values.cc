// Fuzz target: a guest's memory holds anything; values lift or trap, and what was lifted lowers, lifts and prints
// again.
//
// Input: two bytes are options, the next ones choose a type, the rest are core values and the memory.
#include <algorithm>
#include <cstring>

#include "component/canon.h"
#include "component/wave.h"
#include "support/component_values.h"
#include "support/fail.h"

using namespace ashlar;
using namespace ashlar::component;

namespace {

/// Choices out of the input; zeros when it ends.
struct Bytes {
  std::span<const uint8_t> rest;
  uint32_t operator()(uint32_t n) {
    if (rest.empty() || n < 2) return 0;
    const uint32_t byte = rest[0];
    rest = rest.subspan(1);
    return byte % n;
  }
};

class Guest final : public GuestMemory {
 public:
  MemoryView view() override { return {bytes_.data(), bytes_.size()}; }
  Result<uint64_t> realloc(uint64_t old, uint64_t old_size, uint32_t align, uint64_t size) override {
    const uint64_t at = align_up(bytes_.size(), align);
    bytes_.resize(at + size);
    if (old_size != 0) std::memcpy(&bytes_[at], &bytes_[old], std::min(old_size, size));
    return at;
  }

 private:
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(8);
};

void check_again(const std::vector<Val>& values, const std::vector<Member>& types, CanonOptions options) {
  Guest guest;
  LowerContext lower{options, &guest, nullptr};
  std::vector<uint64_t> flat;
  if (const Status done = lower_values(lower, values, types, kMaxFlatParams, flat); !done) {
    fuzz::fail("lifted, but does not lower: " + done.error().render());
  }
  LiftContext lift{options, guest.view(), nullptr};
  const Result<std::vector<Val>> again = lift_values(lift, types, flat, kMaxFlatParams);
  if (!again) fuzz::fail("lowered, but does not lift: " + again.error().render());
  if (*again != values) fuzz::fail("another value: " + format_wave((*again)[0], *types[0].type));
  const std::string text = format_wave(values[0], *types[0].type);
  const Result<Val> read = parse_wave(text, *types[0].type);
  if (!read) fuzz::fail(read.error().render() + " in " + text);
  if (!(*read == values[0])) fuzz::fail("another value from " + text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes input{{data, size}};
  TypeArena arena;
  CanonOptions options{static_cast<StringEncoding>(input(3)), input(2) == 1};
  const size_t chosen = std::min<size_t>(input.rest.size(), 64);
  Bytes choices{input.rest.first(chosen)};
  fuzz::ComponentValues values(arena, choices);
  const std::vector<Member> types = {{"v", values.type(4)}};
  std::vector<uint8_t> memory(input.rest.begin() + static_cast<ptrdiff_t>(chosen), input.rest.end());
  // Core values: the first bytes of the memory, four or eight each.
  std::vector<uint64_t> flat(std::max<size_t>(types[0].type->flat_count, 1));
  for (size_t i = 0; i < flat.size() && 4 * i + 4 <= memory.size(); ++i) std::memcpy(&flat[i], &memory[4 * i], 4);
  LiftContext lift{options, {memory.data(), memory.size()}, nullptr};
  lift.budget = 1 << 20;
  if (const auto lifted = lift_values(lift, types, flat, kMaxFlatParams)) check_again(*lifted, types, options);
  const Result<Val> loaded = load_value(lift, *types[0].type, 0);
  if (loaded) check_again({*loaded}, types, options);
  return 0;
}
