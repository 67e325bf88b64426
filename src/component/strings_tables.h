// What the vector loops over strings look up: which bytes of a vector go where, and what is wrong in UTF-8. Made by the
// compiler.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ashlar::component {

/// Where each byte of a vector comes from; those at the end become zero.
template <size_t size>
using Shuffle = std::array<uint8_t, size>;

/// The first `kept(mask, lane)` bytes of each lane of `width` bytes, one after the other, for each mask.
template <size_t size, class Kept>
constexpr std::array<Shuffle<size>, 256> shuffles(size_t width, const Kept& kept) {
  std::array<Shuffle<size>, 256> out{};
  for (size_t mask = 0; mask < out.size(); ++mask) {
    out[mask].fill(0x80);
    size_t at = 0;
    for (size_t lane = 0; lane < size / width; ++lane) {
      for (size_t i = 0; i < kept(mask, lane); ++i) out[mask][at++] = static_cast<uint8_t>(lane * width + i);
    }
  }
  return out;
}

constexpr size_t bit_of(size_t mask, size_t i) { return mask >> i & 1; }

/// Bytes whose bit is set.
alignas(64) inline constexpr auto kKeptBytes = shuffles<8>(1, bit_of);
/// Lanes of 16 bits whose bit is set.
alignas(64) inline constexpr auto kKeptWords = shuffles<16>(2, [](size_t mask, size_t lane) {
  return 2 * bit_of(mask, lane);
});
/// Of each lane of 16 bits the low byte, and the high one where the bit is set.
alignas(64) inline constexpr auto kOneOrTwoBytes = shuffles<16>(2, [](size_t mask, size_t lane) {
  return 1 + bit_of(mask, lane);
});
/// Of each of four lanes one byte, one more when its bit is set, and one more when its bit of the upper four is.
alignas(64) inline constexpr auto kOneToThreeBytes = shuffles<16>(4, [](size_t mask, size_t lane) {
  return 1 + bit_of(mask, lane) + bit_of(mask, lane + 4);
});

/// What two neighbours in UTF-8 cannot be: sets of the first one's halves and of the second one's upper half.
struct WrongPair {
  uint16_t first_high, first_low, second_high;
};

/// Hexadecimal digits from `first` to `last`.
constexpr uint16_t digits(unsigned first, unsigned last) {
  return static_cast<uint16_t>((1u << (last + 1)) - (1u << first));
}
constexpr uint16_t kAnyDigit = digits(0, 0xf), kContinuation = digits(8, 0xb);

/// The last is right where a third or fourth byte of a code point is expected, and only there.
inline constexpr WrongPair kWrongPairs[8] = {
    {digits(0xc, 0xf), kAnyDigit, digits(0, 7) | digits(0xc, 0xf)},   // begins a code point that does not go on
    {digits(0, 7), kAnyDigit, kContinuation},                         // goes on with none begun
    {digits(0xc, 0xc), digits(0, 1), kContinuation},                  // two bytes for what one can say
    {digits(0xe, 0xe), digits(0, 0), digits(8, 9)},                   // three for what two can
    {digits(0xe, 0xe), digits(0xd, 0xd), digits(0xa, 0xb)},           // a surrogate
    {digits(0xf, 0xf), digits(0, 0) | digits(5, 0xf), digits(8, 8)},  // four for what three can; above U+10FFFF
    {digits(0xf, 0xf), digits(4, 0xf), digits(9, 0xb)},               // above U+10FFFF
    {digits(8, 0xb), kAnyDigit, kContinuation},
};
inline constexpr uint8_t kTwoContinuations = 0x80;

/// For each hexadecimal digit which pairs it may be part of, a bit each.
constexpr Shuffle<16> wrong_by_digit(uint16_t WrongPair::* digit_set) {
  Shuffle<16> out{};
  for (size_t pair = 0; pair < 8; ++pair) {
    for (size_t digit = 0; digit < 16; ++digit) {
      if ((kWrongPairs[pair].*digit_set >> digit & 1) != 0) out[digit] |= static_cast<uint8_t>(1u << pair);
    }
  }
  return out;
}
alignas(16) inline constexpr Shuffle<16> kFirstHigh = wrong_by_digit(&WrongPair::first_high);
alignas(16) inline constexpr Shuffle<16> kFirstLow = wrong_by_digit(&WrongPair::first_low);
alignas(16) inline constexpr Shuffle<16> kSecondHigh = wrong_by_digit(&WrongPair::second_high);

}  // namespace ashlar::component
