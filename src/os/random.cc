// Random bytes by getrandom.
#include "os/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

namespace ashlar::os {

SysResult<void> fill_random(std::span<uint8_t> bytes) {
  // Larger requests are legal, but cannot be interrupted by a signal; pieces keep the thread responsive.
  constexpr size_t kPiece = size_t{1} << 20;
  while (!bytes.empty()) {
    ssize_t n = ::getrandom(bytes.data(), std::min(bytes.size(), kPiece), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(errno);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace ashlar::os
