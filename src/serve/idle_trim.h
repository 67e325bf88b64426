// Memory that goes back to the system when what used it has gone.
#pragma once

#include <cstdint>

namespace ashlar::serve {

struct Routes;

/// On a thread that nobody waits for. What no request has needed between two ticks goes; when nothing goes any more,
/// what the C library keeps of it goes, too.
class IdleTrim {
 public:
  /// Every other second.
  void tick(const Routes& routes);

 private:
  uint64_t gone_ = 0;         ///< things since the heap was trimmed
  unsigned ticks_ = 0;        ///< since the first of these
  unsigned quiet_ticks_ = 0;  ///< since the last
};

}  // namespace ashlar::serve
