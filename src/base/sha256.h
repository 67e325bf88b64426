// SHA-256 (FIPS 180-4): names of cache entries, which nobody may be able to make coincide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ashlar::base {

using Sha256Digest = std::array<uint8_t, 32>;

/// Hashes what is added, piece by piece.
class Sha256 {
 public:
  Sha256& add(std::span<const uint8_t> bytes);
  Sha256& add(std::string_view text) {
    return add(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }
  /// The digest of everything added; nothing may be added after it.
  Sha256Digest finish();

 private:
  void block(const uint8_t* bytes);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> rest_;
  uint64_t size_ = 0;
};

inline Sha256Digest sha256(std::span<const uint8_t> bytes) { return Sha256().add(bytes).finish(); }

/// Lower-case hexadecimal digits, two a byte.
std::string to_hex(std::span<const uint8_t> bytes);

}  // namespace ashlar::base
