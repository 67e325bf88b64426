// Owns the constexpr table of instructions: mnemonic, encoding, immediates, signature, feature.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "isa/features.h"
#include "isa/op.h"
#include "isa/value_type.h"

namespace ashlar::isa {

inline constexpr size_t kMaxSigOperands = 4;
inline constexpr size_t kMaxSigResults = 2;

/// A row of ops/*.def. Signature letters: i l f d v are i32 i64 f32 f64 v128; `a` is the address type of the
/// memory immediate and `t` that of the table immediate (i32 or i64).
struct OpInfo {
  std::string_view mnemonic;
  std::string_view sig;  // "ii>i"; "*" when typing is special
  uint32_t code;
  uint8_t prefix;  // 0 for a single byte, else 0xfb..0xfe
  ImmKind imm;
  Feature feature;
  /// Bytes accessed by MemArg and MemArgLane instructions; lanes to choose from for Lane and Shuffle; else 0.
  uint8_t width;

  // `sig`, decoded.
  bool special = false;  // "*": no operands or results are listed
  uint8_t operands_n = 0;
  uint8_t results_n = 0;
  std::array<char, kMaxSigOperands> operands{};
  std::array<char, kMaxSigResults> results{};

  constexpr OpInfo(std::string_view mnemonic_in, uint8_t prefix_in, uint32_t code_in, ImmKind imm_in,
                   std::string_view sig_in, Feature feature_in, uint8_t width_in)
      : mnemonic(mnemonic_in),
        sig(sig_in),
        code(code_in),
        prefix(prefix_in),
        imm(imm_in),
        feature(feature_in),
        width(width_in) {
    decode_sig();
  }

  constexpr bool has_special_typing() const { return special; }
  constexpr size_t operand_count() const { return operands_n; }
  constexpr size_t result_count() const { return results_n; }
  constexpr char operand(size_t i) const { return operands[i]; }  // i < operand_count(); the last is on top
  constexpr char result(size_t i) const { return results[i]; }    // i < result_count()
  constexpr bool has_mem_arg() const { return imm == ImmKind::MemArg || imm == ImmKind::MemArgLane; }
  /// Number of lanes a lane byte may name: Lane, Shuffle and MemArgLane instructions.
  constexpr uint32_t lane_count() const {
    if (imm == ImmKind::Lane || imm == ImmKind::Shuffle) return width;
    return imm == ImmKind::MemArgLane ? 16u / width : 0;
  }

 private:
  // Ill-formed signatures index out of an array, which a constant expression refuses.
  constexpr void decode_sig() {
    if (sig == "*") {
      special = true;
      return;
    }
    size_t i = 0;
    for (; sig.at(i) != '>'; ++i) operands.at(operands_n++) = sig[i];
    for (++i; i < sig.size(); ++i) results.at(results_n++) = sig[i];
  }
};

namespace detail {
inline constexpr uint8_t kPrefix_none = 0;
inline constexpr uint8_t kPrefix_fb = 0xfb;
inline constexpr uint8_t kPrefix_fc = 0xfc;
inline constexpr uint8_t kPrefix_fd = 0xfd;
inline constexpr uint8_t kPrefix_fe = 0xfe;
}  // namespace detail

inline constexpr std::array<OpInfo, kOpCount> kOpTable = {{
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) \
  OpInfo{mnemonic, detail::kPrefix_##prefix, code, ImmKind::imm, sig, Feature::feature, width},
#include "isa/ops/all.def"
}};

/// op < Op::kCount.
inline constexpr const OpInfo& info(Op op) { return kOpTable[static_cast<size_t>(op)]; }
inline constexpr std::string_view mnemonic(Op op) { return info(op).mnemonic; }

namespace detail {

template <uint8_t prefix, size_t size>
consteval std::array<Op, size> make_lookup() {
  std::array<Op, size> out;
  out.fill(Op::kCount);
  for (size_t i = 0; i < kOpCount; ++i) {
    // `at` refuses a code that is too large.
    if (kOpTable[i].prefix == prefix) out.at(kOpTable[i].code) = static_cast<Op>(i);
  }
  return out;
}

inline constexpr auto kByteOps = make_lookup<0, 256>();
inline constexpr auto kFbOps = make_lookup<0xfb, 0x20>();
inline constexpr auto kFcOps = make_lookup<0xfc, 0x20>();
inline constexpr auto kFdOps = make_lookup<0xfd, 0x120>();
inline constexpr auto kFeOps = make_lookup<0xfe, 0x50>();

template <size_t size>
constexpr Op at_or_unknown(const std::array<Op, size>& table, uint32_t code) {
  return code < size ? table[code] : Op::kCount;
}

}  // namespace detail

inline constexpr uint8_t kFirstPrefix = 0xfb;
inline constexpr uint8_t kLastPrefix = 0xfe;
constexpr bool is_prefix(uint8_t byte) { return byte >= kFirstPrefix && byte <= kLastPrefix; }

/// The instruction of a single-byte opcode: one load. Op::kCount when unknown, and for the prefix bytes.
inline constexpr Op lookup(uint8_t byte) { return detail::kByteOps[byte]; }

/// The instruction with that encoding (prefix 0 for none); Op::kCount when unknown.
inline constexpr Op lookup(uint8_t prefix, uint32_t code) {
  switch (prefix) {
    case 0:
      return detail::at_or_unknown(detail::kByteOps, code);
    case 0xfb:
      return detail::at_or_unknown(detail::kFbOps, code);
    case 0xfc:
      return detail::at_or_unknown(detail::kFcOps, code);
    case 0xfd:
      return detail::at_or_unknown(detail::kFdOps, code);
    case 0xfe:
      return detail::at_or_unknown(detail::kFeOps, code);
    default:
      return Op::kCount;
  }
}

/// The instruction with that mnemonic; Op::kCount when unknown. Where two encodings share a mnemonic this is the
/// plain one: select (not select_t), ref_test and ref_cast (not the _null forms).
Op find_mnemonic(std::string_view mnemonic);

/// The type a signature letter stands for; `address` and `table_address` are i32 or i64.
constexpr ValType sig_type(char letter, ValType address = ValType::i32(), ValType table_address = ValType::i32()) {
  switch (letter) {
    case 'i':
      return ValType::i32();
    case 'l':
      return ValType::i64();
    case 'f':
      return ValType::f32();
    case 'd':
      return ValType::f64();
    case 'v':
      return ValType::v128();
    case 'a':
      return address;
    case 't':
      return table_address;
    default:
      return ValType::bot();
  }
}

/// The binary layout of an immediate kind, in words.
std::string_view describe(ImmKind imm);

}  // namespace ashlar::isa
