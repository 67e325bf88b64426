// canon.def as a table: name, immediates and gate of each canonical definition.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "component/gates.h"
#include "component/syntax.h"

namespace ashlar::component {

/// What follows the opcode; canon.def says what each means.
enum class CanonImmediates : uint8_t {
  Lift,
  Lower,
  Type,
  None,
  Result_Opts,
  Context,
  Async,
  Type_Opts,
  Type_Async,
  Opts,
  Memory,
  Cancel,
  ThreadIndirect,
  SharedType,
  SharedTypeTable,
  Shared,
};

struct CanonInfo {
  CanonOp op;
  std::string_view name;  ///< in the text format
  CanonImmediates immediates;
  Gate gate;
};

inline constexpr auto kCanonTable = std::to_array<CanonInfo>({
#define CANON(id, code, text, immediates, gate) {CanonOp::id, text, CanonImmediates::immediates, Gate::gate},
#include "component/canon.def"
#undef CANON
});

namespace detail {
/// Positions in kCanonTable by opcode; 0xff: no such opcode.
inline constexpr auto kCanonByCode = [] {
  std::array<uint8_t, 256> out{};
  out.fill(0xff);
  for (size_t i = 0; i < kCanonTable.size(); ++i)
    out[static_cast<uint8_t>(kCanonTable[i].op)] = static_cast<uint8_t>(i);
  return out;
}();
}  // namespace detail

/// The row of an opcode; nullptr when there is none.
constexpr const CanonInfo* find_canon(uint8_t code) {
  const uint8_t at = detail::kCanonByCode[code];
  return at == 0xff ? nullptr : &kCanonTable[at];
}
constexpr const CanonInfo& info(CanonOp op) { return *find_canon(static_cast<uint8_t>(op)); }

}  // namespace ashlar::component
