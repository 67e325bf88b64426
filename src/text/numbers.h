// Owns number literals of the text format: integers in range, floats correctly rounded (spec 6.3.1, 6.3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::text {

/// An unsigned literal (classified Nat) of at most `max`; nothing when it is larger.
std::optional<uint64_t> parse_nat(std::string_view text, uint64_t max);

/// A literal (classified Nat or Int) of `bits` (8 to 64): -2^(bits-1) to 2^bits-1, as two's complement in the low
/// `bits`; nothing when out of range.
std::optional<uint64_t> parse_int(std::string_view text, int bits);

/// A literal (classified Nat, Int or Float) as IEEE bits, rounded to nearest even; nothing when it rounds to infinity
/// or a payload does not fit.
std::optional<uint32_t> parse_f32(std::string_view text);
std::optional<uint64_t> parse_f64(std::string_view text);

/// The shortest literal that parses back to the same bits: decimal or hexadecimal, inf, nan, nan:0x...
std::string print_f32(uint32_t bits);
std::string print_f64(uint64_t bits);

}  // namespace ashlar::text
