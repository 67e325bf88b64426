// Single steps through compiled code: at each instruction the frames are walked, as when an alarm came there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ashlar::test {

struct Steps {
  uint64_t in_images = 0;   ///< instructions of images that were executed
  uint64_t wrong = 0;       ///< at so many of them another number of frames was found
  uint64_t astray = 0;      ///< or the walk did not end at the entry
  uint64_t first_pc = 0;    ///< of those, the first
  int64_t first_found = 0;  ///< frames there
  int64_t first_depth = 0;
};

/// Runs `body`, which runs compiled code in one activation. Its functions keep at `depth` the number of frames that are
/// there, but that of one which is about to be or has been counted.
Steps single_step(const std::function<void()>& body, const uint8_t* depth);

}  // namespace ashlar::test
