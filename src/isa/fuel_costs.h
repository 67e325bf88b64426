// FuelCosts: what each instruction takes of the fuel.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "isa/op.h"

namespace ashlar::isa {

/// A table by instruction, all 1 at first. A plain value.
class FuelCosts {
 public:
  /// Costs are at most this: no function's instructions together come near to what an int64_t can count.
  static constexpr uint32_t kMost = 1'000'000;

  FuelCosts() { costs_.fill(1); }
  /// op < Op::kCount.
  uint32_t operator[](Op op) const { return costs_[static_cast<size_t>(op)]; }

  /// Sets the cost of the instruction with this mnemonic, or of all that begin with it when it ends in `*` ("f64.*",
  /// "*"). False, and nothing is changed: there is none of that name, or the cost is above kMost.
  bool set(std::string_view instructions, uint32_t cost);

  /// The same text for the same costs, which parse() reads: "i32.div_s=4,memory.copy=20"; empty when all are 1.
  std::string text() const;
  /// A list "NAME=COST,...", of which later ones win. Empty when it is no such list.
  static std::optional<FuelCosts> parse(std::string_view text);

  friend bool operator==(const FuelCosts&, const FuelCosts&) = default;

 private:
  uint32_t most_common() const;

  std::array<uint32_t, static_cast<size_t>(Op::kCount)> costs_;
};

}  // namespace ashlar::isa
