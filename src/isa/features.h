// Owns the set of WebAssembly features that a configuration allows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace ashlar::isa {

enum class Feature : uint8_t {
#define FEATURE(id, name, default_on, description) id,
#include "isa/features.def"
  kCount
};

inline constexpr size_t kFeatureCount = static_cast<size_t>(Feature::kCount);
static_assert(kFeatureCount <= 64, "Features is one 64-bit word");

struct FeatureInfo {
  std::string_view name;
  bool default_on;
  std::string_view description;
};

inline constexpr std::array<FeatureInfo, kFeatureCount> kFeatureTable = {{
#define FEATURE(id, name, default_on, description) {name, default_on, description},
#include "isa/features.def"
}};

constexpr const FeatureInfo& info(Feature feature) { return kFeatureTable[static_cast<size_t>(feature)]; }

/// The feature of that name ("multi-value"), or nothing.
constexpr std::optional<Feature> feature_from_name(std::string_view name) {
  for (size_t i = 0; i < kFeatureCount; ++i) {
    if (kFeatureTable[i].name == name) return static_cast<Feature>(i);
  }
  return std::nullopt;
}

/// A set of features. `mvp` is always in it. A default-constructed set holds what is on by default.
class Features {
 public:
  constexpr Features() : bits_(default_bits()) {}

  static constexpr Features defaults() { return Features(); }
  static constexpr Features mvp() { return Features(bit(Feature::mvp)); }
  static constexpr Features all() { return Features(~uint64_t{0} >> (64 - kFeatureCount)); }
  static constexpr Features of(std::initializer_list<Feature> features) {
    Features out = mvp();
    for (Feature feature : features) out.set(feature);
    return out;
  }

  constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }

  constexpr Features& set(Feature feature, bool on = true) {
    bits_ = (on ? bits_ | bit(feature) : bits_ & ~bit(feature)) | bit(Feature::mvp);
    return *this;
  }

  /// Sets the named feature; false when there is no feature of that name.
  constexpr bool set(std::string_view name, bool on) {
    const std::optional<Feature> feature = feature_from_name(name);
    if (!feature) return false;
    set(*feature, on);
    return true;
  }

  /// One bit a feature, in the order of features.def.
  constexpr uint64_t raw() const { return bits_; }
  /// Unknown bits are dropped.
  static constexpr Features from_raw(uint64_t raw) { return Features((raw & all().bits_) | bit(Feature::mvp)); }

  friend constexpr bool operator==(Features, Features) = default;

 private:
  constexpr explicit Features(uint64_t bits) : bits_(bits) {}

  static constexpr uint64_t bit(Feature feature) { return uint64_t{1} << static_cast<unsigned>(feature); }

  static constexpr uint64_t default_bits() {
    uint64_t bits = bit(Feature::mvp);
    for (size_t i = 0; i < kFeatureCount; ++i) {
      if (kFeatureTable[i].default_on) bits |= uint64_t{1} << i;
    }
    return bits;
  }

  uint64_t bits_;
};

}  // namespace ashlar::isa
