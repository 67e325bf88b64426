// Owns the enumeration of instructions; everything known about one is in op_table.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar::isa {

/// One enumerator a row of ops/*.def: the mnemonic with '.' as '_' (a trailing '_' where C++ has the word).
enum class Op : uint16_t {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) id,
#include "isa/ops/all.def"
  kCount
};

inline constexpr size_t kOpCount = static_cast<size_t>(Op::kCount);

enum class ImmKind : uint8_t {
#define IMM(id, description) id,
#include "isa/imm_kinds.def"
  kCount
};

}  // namespace ashlar::isa
