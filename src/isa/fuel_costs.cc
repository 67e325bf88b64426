// Costs by mnemonic, and their text.
#include "isa/fuel_costs.h"

#include <algorithm>
#include <charconv>

#include "isa/op_table.h"

namespace ashlar::isa {

bool FuelCosts::set(std::string_view instructions, uint32_t cost) {
  if (cost > kMost) return false;
  const bool several = instructions.ends_with('*');
  if (several) instructions.remove_suffix(1);
  bool found = false;
  for (size_t i = 0; i < kOpCount; ++i) {
    const std::string_view name = kOpTable[i].mnemonic;
    if (several ? !name.starts_with(instructions) : name != instructions) continue;
    costs_[i] = cost;
    found = true;
  }
  return found;
}

uint32_t FuelCosts::most_common() const {
  std::array<uint32_t, kOpCount> sorted = costs_;
  std::ranges::sort(sorted);
  uint32_t best = 1;
  ptrdiff_t times = std::ranges::count(sorted, 1u);
  for (auto at = sorted.begin(); at != sorted.end();) {
    const auto next = std::upper_bound(at, sorted.end(), *at);
    if (next - at > times) {
      best = *at;
      times = next - at;
    }
    at = next;
  }
  return best;
}

std::string FuelCosts::text() const {
  const uint32_t usual = most_common();
  std::string out;
  if (usual != 1) out = "*=" + std::to_string(usual);
  for (size_t i = 0; i < kOpCount; ++i) {
    if (costs_[i] == usual) continue;
    if (!out.empty()) out += ',';
    out += std::string(kOpTable[i].mnemonic) + '=' + std::to_string(costs_[i]);
  }
  return out;
}

std::optional<FuelCosts> FuelCosts::parse(std::string_view text) {
  FuelCosts out;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(item.size());
    if (text == ",") return {};
    if (!text.empty()) text.remove_prefix(1);
    const size_t equals = item.find('=');
    if (equals == item.npos) return {};
    uint32_t cost = 0;
    const char* const end = item.data() + item.size();
    const auto [stop, error] = std::from_chars(item.data() + equals + 1, end, cost);
    if (error != std::errc() || stop != end || !out.set(item.substr(0, equals), cost)) return {};
  }
  return out;
}

}  // namespace ashlar::isa
