// What to compile next: the functions that were seen running, and those that they call.
#pragma once

#include <cstdint>
#include <vector>

#include "module/module.h"

namespace ashlar::tiering {

/// A function that was seen running.
struct HotFunction {
  module::FuncIdx func = 0;
  uint32_t samples = 0;
};

/// Chooses at most `budget` bytes of code (but at least one function) from `hot`, the hottest first, and some more of
/// the functions that they call, so that calls become direct and small functions vanish in their callers. Ascending.
/// `compiled`: by function, what machine code has already; of that only what is small enough to be inlined is taken
/// again.
std::vector<module::FuncIdx> choose_batch(const module::Module& m, std::vector<HotFunction> hot,
                                          const std::vector<bool>& compiled, uint64_t budget);

}  // namespace ashlar::tiering
