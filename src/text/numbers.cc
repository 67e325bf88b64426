// Parsing and printing of number literals.
#include "text/numbers.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <system_error>

namespace ashlar::text {
namespace {

uint32_t digit_value(char c) {
  if (c <= '9') return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>((c | 0x20) - 'a') + 10;
}

// What differs between f32 and f64.
template <class Bits_, class Float_, int kMantissa, int kExponent>
struct Format {
  using Bits = Bits_;
  using Float = Float_;
  static constexpr int kMantissaBits = kMantissa;  // stored ones
  static constexpr int kMaxExponent = (1 << (kExponent - 1)) - 1;
  static constexpr int kMinExponent = 1 - kMaxExponent;
  static constexpr Bits kMantissaMask = (Bits{1} << kMantissa) - 1;
  static constexpr Bits kInfinity = ((Bits{1} << kExponent) - 1) << kMantissa;
  static constexpr Bits kSign = Bits{1} << (kMantissa + kExponent);
};
using F32 = Format<uint32_t, float, 23, 8>;
using F64 = Format<uint64_t, double, 52, 11>;

// A hexadecimal literal as an integer of 64 significant bits and a power of two; `sticky` says that more follows.
struct HexFloat {
  uint64_t significand = 0;
  int64_t exponent = 0;
  bool sticky = false;
};

HexFloat read_hex(std::string_view text) {
  HexFloat out;
  bool fraction = false;
  size_t pos = 0;
  for (; pos < text.size() && (text[pos] | 0x20) != 'p'; ++pos) {
    if (text[pos] == '_') continue;
    if (text[pos] == '.') {
      fraction = true;
      continue;
    }
    const uint32_t digit = digit_value(text[pos]);
    if (out.significand >> 60 == 0) {
      out.significand = out.significand << 4 | digit;
      out.exponent -= fraction ? 4 : 0;
    } else {
      out.sticky |= digit != 0;
      out.exponent += fraction ? 0 : 4;
    }
  }
  if (pos == text.size()) return out;
  ++pos;
  const bool negative = text[pos] == '-';
  if (negative || text[pos] == '+') ++pos;
  constexpr int64_t kLimit = int64_t{1} << 40;  // beyond any source's digits: saturating keeps the sum exact enough
  int64_t power = 0;
  for (; pos < text.size(); ++pos) {
    if (text[pos] != '_' && power < kLimit) power = power * 10 + digit_value(text[pos]);
  }
  out.exponent += negative ? -power : power;
  return out;
}

// Rounds to nearest even. The value is significand * 2^exponent (and a bit more when sticky).
template <class F>
std::optional<typename F::Bits> round_hex(HexFloat value) {
  using Bits = typename F::Bits;
  if (value.significand == 0) return Bits{0};  // digits beyond the first 64 bits exist only behind a nonzero one
  const int shift_up = std::countl_zero(value.significand);
  uint64_t significand = value.significand << shift_up;
  const int64_t exponent = value.exponent - shift_up + 63;  // of the leading bit
  if (exponent > F::kMaxExponent) return std::nullopt;
  int64_t drop = 63 - F::kMantissaBits;
  const bool subnormal = exponent < F::kMinExponent;
  if (subnormal) drop += F::kMinExponent - exponent;
  if (drop > 64) return Bits{0};
  uint64_t kept = drop == 64 ? 0 : significand >> drop;
  const uint64_t half = uint64_t{1} << (drop - 1);
  const uint64_t rest = drop == 64 ? significand : significand & ((uint64_t{1} << drop) - 1);
  const bool above = rest > half || (rest == half && value.sticky);
  if (above || (rest == half && (kept & 1) != 0)) ++kept;
  // A carry out of the mantissa moves into the exponent, which is right in both cases.
  const Bits biased = subnormal ? 0 : static_cast<Bits>(exponent + F::kMaxExponent - 1);
  const Bits bits = static_cast<Bits>((biased << F::kMantissaBits) + static_cast<Bits>(kept));
  if (bits >= F::kInfinity) return std::nullopt;
  return bits;
}

// The power of ten just above a decimal literal's value, saturated; the literal holds a nonzero digit.
int64_t decimal_magnitude(std::string_view text) {
  const size_t mark = std::min(text.find_first_of("eE"), text.size());
  const size_t point = std::min(text.find('.'), mark);
  const size_t first = std::min(text.find_first_of("123456789"), mark);
  int64_t magnitude = first < point ? static_cast<int64_t>(point - first) : -static_cast<int64_t>(first - point - 1);
  size_t pos = mark + 1;
  const bool negative = pos < text.size() && text[pos] == '-';
  if (pos < text.size() && (negative || text[pos] == '+')) ++pos;
  int64_t power = 0;
  for (; pos < text.size(); ++pos) {
    if (power < int64_t{1} << 40) power = power * 10 + digit_value(text[pos]);
  }
  return magnitude + (negative ? -power : power);
}

template <class F>
std::optional<typename F::Bits> round_decimal(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (char c : text) {
    if (c != '_') plain += c;
  }
  typename F::Float value = 0;
  const std::from_chars_result result = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (decimal_magnitude(plain) <= 0) return typename F::Bits{0};  // underflow
    return std::nullopt;
  }
  const auto bits = std::bit_cast<typename F::Bits>(value);
  if (bits >= F::kInfinity) return std::nullopt;
  return bits;
}

template <class F>
std::optional<typename F::Bits> parse_float(std::string_view text) {
  using Bits = typename F::Bits;
  Bits sign = 0;
  if (text[0] == '+' || text[0] == '-') {
    sign = text[0] == '-' ? F::kSign : 0;
    text.remove_prefix(1);
  }
  if (text == "inf") return sign | F::kInfinity;
  if (text == "nan") return sign | F::kInfinity | Bits{1} << (F::kMantissaBits - 1);
  if (text.starts_with("nan:")) {
    const std::optional<uint64_t> payload = parse_nat(text.substr(4), F::kMantissaMask);
    if (!payload || *payload == 0) return std::nullopt;
    return sign | F::kInfinity | static_cast<Bits>(*payload);
  }
  const std::optional<Bits> magnitude =
      text.starts_with("0x") ? round_hex<F>(read_hex(text.substr(2))) : round_decimal<F>(text);
  if (!magnitude) return std::nullopt;
  return sign | *magnitude;
}

template <class F>
std::string print_float(typename F::Bits bits) {
  using Bits = typename F::Bits;
  std::string out = (bits & F::kSign) != 0 ? "-" : "";
  const Bits magnitude = bits & ~F::kSign;
  char buffer[64];
  if (magnitude > F::kInfinity) {
    const Bits payload = magnitude & F::kMantissaMask;
    if (payload == Bits{1} << (F::kMantissaBits - 1)) return out + "nan";
    const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, payload, 16);
    return out + "nan:0x" + std::string(buffer, end.ptr);
  }
  if (magnitude == F::kInfinity) return out + "inf";
  const auto value = std::bit_cast<typename F::Float>(magnitude);
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return out + std::string(buffer, end.ptr);
}

}  // namespace

std::optional<uint64_t> parse_nat(std::string_view text, uint64_t max) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  const uint64_t base = hex ? 16 : 10;
  uint64_t value = 0;
  for (char c : text) {
    if (c == '_') continue;
    const uint64_t digit = digit_value(c);
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  if (value > max) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_int(std::string_view text, int bits) {
  const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  const std::optional<uint64_t> value = parse_nat(text, negative ? uint64_t{1} << (bits - 1) : mask);
  if (!value) return std::nullopt;
  return (negative ? 0 - *value : *value) & mask;
}

std::optional<uint32_t> parse_f32(std::string_view text) { return parse_float<F32>(text); }
std::optional<uint64_t> parse_f64(std::string_view text) { return parse_float<F64>(text); }
std::string print_f32(uint32_t bits) { return print_float<F32>(bits); }
std::string print_f64(uint64_t bits) { return print_float<F64>(bits); }

}  // namespace ashlar::text
