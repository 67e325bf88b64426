// Makes valid modules out of a fuzzer's input, guided by the instruction table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ashlar::fuzz {

/// What the modules may use beyond integers, floats, control and one memory.
struct GenerateOptions {
  bool vectors = true;
  bool relaxed = true;  ///< relaxed vector instructions: results differ between engines
  bool references = true;
  bool gc = true;
  bool exceptions = true;
  bool legacy_exceptions = true;
  bool atomics = true;
  bool memory64 = true;
  bool wide = true;
  bool several_memories = true;
  bool objects = false;  ///< with gc: mostly objects that refer to each other, of many types; some wide, some long
  bool numeric_loops =
      false;  ///< functions of loops over numbers in memory 0, which has 32-bit addresses, and little else
  bool canonical_nans = false;  ///< make results of float instructions independent of the engine's NaNs
};

/// A valid module. It imports "env" "mix" ([i64 i64] -> [i64]) and exports
///   "fuel"           a mutable i32 that counts down at function entries and loop heads: unreachable below zero
///   "f<n>"           functions over i32, i64, f32 and f64
///   "m<n>" "t<n>"    its memories and tables
///   "g<n>"           its globals of those four types
std::vector<uint8_t> generate_module(std::span<const uint8_t> input, const GenerateOptions& options);

/// The same for a seed, whichever the machine.
std::vector<uint8_t> random_input(uint64_t seed);

inline constexpr const char* kFuelExport = "fuel";

}  // namespace ashlar::fuzz
