// Reading of the flags that several commands share.
#include "cli/config_flags.h"

#include <algorithm>
#include <limits>

#include "isa/op_table.h"

namespace ashlar::cli {

namespace {

Status set_limit(ConfigFlag which, std::string_view flag, std::string_view value, Settings& out) {
  switch (which) {
    case kMaxMemoryFlag: {
      TRY_ASSIGN(out.limits.memory_bytes, parse_size(flag, value));
      return {};
    }
    case kMaxStackFlag: {
      TRY_ASSIGN(const uint64_t bytes, parse_size(flag, value));
      if (bytes < kLeastStack || bytes > kMostStack) {
        return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(value),
                          "a size between 64K and 64G");
      }
      out.limits.stack_bytes = bytes;
      return {};
    }
    case kMaxGcHeapFlag: {
      TRY_ASSIGN(out.limits.gc_heap_bytes, parse_size(flag, value));
      return {};
    }
    case kFuelFlag: {
      TRY_ASSIGN(const uint64_t fuel, parse_count(flag, value));
      constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
      out.fuel = static_cast<int64_t>(fuel < kMost ? fuel : kMost);
      out.config.fuel = true;
      return {};
    }
    case kTimeoutFlag: {
      TRY_ASSIGN(out.timeout_ns, parse_duration(flag, value));
      if (out.timeout_ns == 0) out.timeout_ns = 1;
      return {};
    }
    default:
      return {};
  }
}

Status set_gc_stress(std::string_view flag, std::string_view list, Settings& out) {
  runtime::GcStress& stress = out.limits.gc_stress;
  for (size_t from = 0; from <= list.size();) {
    const size_t comma = std::min(list.find(',', from), list.size());
    const std::string_view item = list.substr(from, comma - from);
    const size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    if (item == "poison") {
      stress.poison = true;
    } else if ((name == "minor" || name == "major") && equals < item.size()) {
      TRY_ASSIGN(const uint64_t every, parse_count(flag, item.substr(equals + 1)));
      (name == "minor" ? stress.minor_every : stress.major_every) =
          static_cast<uint32_t>(std::min<uint64_t>(every, ~uint32_t{0}));
    } else {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(item),
                        "minor=N, major=N or poison");
    }
    from = comma + 1;
  }
  return {};
}

Status set_fuel_costs(std::string_view flag, std::string_view list, Settings& out) {
  for (size_t from = 0; from <= list.size();) {
    const size_t comma = std::min(list.find(',', from), list.size());
    const std::string_view item = list.substr(from, comma - from);
    const size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    if (equals == item.size() || name.empty()) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(item),
                        "NAME=N, such as i64.div_u=4 or f64.*=2");
    }
    TRY_ASSIGN(const uint64_t cost, parse_count(flag, item.substr(equals + 1)));
    if (cost > isa::FuelCosts::kMost) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(item),
                        "a cost of at most " + std::to_string(isa::FuelCosts::kMost));
    }
    if (!out.config.fuel_costs.set(name, static_cast<uint32_t>(cost))) {
      std::vector<std::string_view> names;
      for (const isa::OpInfo& row : isa::kOpTable) names.push_back(row.mnemonic);
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(name),
                        "an instruction" + suggest(name, names));
    }
    from = comma + 1;
  }
  return {};
}

struct LimitName {
  std::string_view name;
  ConfigFlag flag;
};
constexpr LimitName kLimitNames[] = {{"max-memory-size", kMaxMemoryFlag},
                                     {"max-memory", kMaxMemoryFlag},
                                     {"max-wasm-stack", kMaxStackFlag},
                                     {"max-stack", kMaxStackFlag},
                                     {"max-gc-heap", kMaxGcHeapFlag},
                                     {"fuel", kFuelFlag},
                                     {"timeout", kTimeoutFlag}};

Status set_feature(std::string_view flag, std::string_view item, Settings& out) {
  const size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const std::string_view value = equals == item.npos ? "y" : item.substr(equals + 1);
  const std::string shown = std::string(flag) + " " + std::string(name);
  for (const LimitName& limit : kLimitNames) {
    if (name == limit.name) return set_limit(limit.flag, shown, value, out);
  }
  TRY_ASSIGN(const bool on, parse_switch(shown, value));
  if (name == "all" || name == "all-proposals") {
    out.config.features = on ? isa::Features::all() : isa::Features::mvp();
    return {};
  }
  if (out.config.features.set(name, on)) return {};
  std::vector<std::string_view> names;
  for (const isa::FeatureInfo& row : isa::kFeatureTable) names.push_back(row.name);
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(name),
                    "a feature ('ashlar features' lists them)" + suggest(name, names));
}

Status set_features(std::string_view flag, std::string_view list, Settings& out) {
  for (size_t from = 0; from <= list.size();) {
    const size_t comma = std::min(list.find(',', from), list.size());
    TRY(set_feature(flag, list.substr(from, comma - from), out));
    from = comma + 1;
  }
  return {};
}

}  // namespace

Result<Settings> read_settings(const Args& args) {
  Settings out;
  for (const Args::Given& given : args.flags) {
    switch (given.id) {
      case kFeatureFlag:
        TRY(set_features(given.flag, given.value, out));
        break;
      case kBoundsChecksFlag:
        if (given.value != "guard" && given.value != "explicit") {
          return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                            "guard or explicit");
        }
        out.config.bounds_checks =
            given.value == "guard" ? runtime::BoundsChecks::GuardPages : runtime::BoundsChecks::Explicit;
        break;
      case kTierFlag: {
        const std::optional<tiering::TierMode> mode = tiering::tier_mode_from_name(given.value);
        if (!mode) {
          return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                            "interp, optimizing or auto");
        }
        out.tier.mode = *mode;
        out.tier.chosen = true;
        break;
      }
      case kNoCacheFlag:
        out.tier.use_cache = false;
        break;
      case kAllowPrecompiledFlag:
        out.tier.allow_precompiled = true;
        break;
      case kPretendUnsupportedFlag:
        out.tier.pretend_unsupported = given.value;
        break;
      case kGcStressFlag:
        TRY(set_gc_stress(given.flag, given.value, out));
        break;
      case kPoolFlag:
        out.config.pool.memories = 64;
        break;
      case kStatsFlag:
        if (given.value != "gc") {
          return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                            "gc");
        }
        out.gc_stats = true;
        break;
      case kFuelCostFlag:
        TRY(set_fuel_costs(given.flag, given.value, out));
        break;
      case kLazyFlag:
        out.config.lazy_validation = true;
        break;
      default:
        if (given.id < kFirstOwnFlag) TRY(set_limit(static_cast<ConfigFlag>(given.id), given.flag, given.value, out));
        break;
    }
  }
  return out;
}

}  // namespace ashlar::cli
