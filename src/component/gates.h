// The set of gated features of the Component Model that a configuration allows (gates.def).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ashlar::component {

enum class Gate : uint8_t {
#define GATE(id, name, on) id,
#include "component/gates.def"
#undef GATE
  kCount
};
inline constexpr size_t kGateCount = static_cast<size_t>(Gate::kCount);
static_assert(kGateCount <= 32, "Gates is one 32-bit word");

struct GateInfo {
  std::string_view name;
  bool on;  ///< by default
};
inline constexpr std::array<GateInfo, kGateCount> kGateTable = {{
#define GATE(id, name, on) {name, on},
#include "component/gates.def"
#undef GATE
}};

constexpr const GateInfo& info(Gate gate) { return kGateTable[static_cast<size_t>(gate)]; }

/// The gate of that name ("error-context"), or nothing.
std::optional<Gate> gate_from_name(std::string_view name);

/// A set of gates; a default-constructed one holds the stable features. `Stable` is always in it.
class Gates {
 public:
  constexpr Gates() {
    for (size_t i = 0; i < kGateCount; ++i) bits_ |= kGateTable[i].on ? uint32_t{1} << i : 0;
  }
  static constexpr Gates all() {
    Gates out;
    out.bits_ = ~uint32_t{0} >> (32 - kGateCount);
    return out;
  }

  constexpr bool has(Gate gate) const { return (bits_ >> static_cast<unsigned>(gate) & 1) != 0; }
  constexpr Gates& set(Gate gate, bool on = true) {
    if (gate == Gate::Stable) return *this;
    const uint32_t bit = uint32_t{1} << static_cast<unsigned>(gate);
    bits_ = on ? bits_ | bit : bits_ & ~bit;
    return *this;
  }

  friend constexpr bool operator==(Gates, Gates) = default;

 private:
  uint32_t bits_ = 0;
};

}  // namespace ashlar::component
