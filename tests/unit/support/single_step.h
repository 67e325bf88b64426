// Single steps through compiled code: at each instruction the frames are walked, as when an alarm came there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ashlar::test {

struct Steps {
  uint64_t in_images = 0;   ///< instructions of images that were executed
  uint64_t wrong = 0;       ///< at so many of them another number of callers was found
  uint64_t astray = 0;      ///< or the walk did not end at the entry
  uint64_t first_pc = 0;    ///< of those, the first
  int64_t first_found = 0;  ///< callers there
  int64_t first_depth = 0;
};

/// Runs `body`, which runs compiled code in one activation. Its functions keep at `depth` the number of their frames,
/// those inlined too; the innermost may not be counted yet, or not any more.
Steps single_step(const std::function<void()>& body, const uint8_t* depth);

}  // namespace ashlar::test
