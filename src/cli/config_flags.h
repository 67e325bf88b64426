// Flags that several commands share: WebAssembly features, limits and tiers, -W after Wasmtime's manner.
#pragma once

#include "cli/args.h"
#include "runtime/store.h"
#include "tiering/tiering.h"

namespace ashlar::cli {

/// Ids of the shared flags; a command's own begin at kFirstOwnFlag.
enum ConfigFlag : int {
  kFeatureFlag,
  kBoundsChecksFlag,
  kLazyFlag,
  kMaxMemoryFlag,
  kMaxStackFlag,
  kMaxGcHeapFlag,
  kGcStressFlag,
  kPoolFlag,
  kFuelFlag,
  kFuelCostFlag,
  kTimeoutFlag,
  kTierFlag,
  kNoCacheFlag,
  kAllowPrecompiledFlag,
  kPretendUnsupportedFlag,
  kStatsFlag,
  kFirstOwnFlag
};

inline constexpr Flag kFeatureFlagRow = {
    kFeatureFlag, 'W', "features", "NAME[=y|n],...",
    "allow or forbid WebAssembly features\n('ashlar features'); 'all' is all of them"};
inline constexpr Flag kBoundsChecksFlagRow = {kBoundsChecksFlag, 0, "bounds-checks", "guard|explicit",
                                              "how accesses beyond a memory are found"};
inline constexpr Flag kLazyFlagRow = {kLazyFlag, 0, "lazy", "",
                                      "validate each function at its first call, not all at once"};
inline constexpr Flag kTierFlagRow = {
    kTierFlag, 0, "tier", "interp|optimizing|auto",
    "interpret, compile everything first, or compile\nwhat is hot while the program runs"};
inline constexpr Flag kNoCacheFlagRow = {kNoCacheFlag, 0, "no-cache", "",
                                         "neither look for compiled code in the cache nor keep it"};

inline constexpr Flag kAllowPrecompiledFlagRow = {
    kAllowPrecompiledFlag, 0, "allow-precompiled", "",
    "FILE may be what 'ashlar compile' wrote: machine code\nthat nothing holds back, so know where it came from"};

inline constexpr Flag kFuelCostFlagRow = {
    kFuelCostFlag, 0, "fuel-cost", "NAME=N,...",
    "fuel that an instruction takes, or all whose names\nbegin alike (f64.*); others take 1"};

inline constexpr Flag kMaxGcHeapFlagRow = {kMaxGcHeapFlag, 0, "max-gc-heap", "SIZE",
                                           "limit of the heap of structs and arrays (1G)"};
/// For tests: collections at every N-th allocation, freed memory filled with a pattern.
inline constexpr Flag kGcStressFlagRow = {kGcStressFlag, 0, "gc-stress", "minor=N,major=N,poison", ""};

/// For tests: memories come from a pool.
inline constexpr Flag kPoolFlagRow = {kPoolFlag, 0, "pool", "", ""};

inline constexpr Flag kStatsFlagRow = {kStatsFlag, 0, "stats", "gc", "print at the end what the garbage collector did"};

/// Mnemonics: functions that use one are left to the interpreter, as if the compiler could not translate it.
inline constexpr Flag kPretendUnsupportedFlagRow = {kPretendUnsupportedFlag, 0, "pretend-unsupported", "OP,...", ""};

// Of a call stack.
inline constexpr uint64_t kLeastStack = 64 << 10, kMostStack = 64ull << 30;

/// What the shared flags say.
struct Settings {
  runtime::Config config;
  runtime::StoreLimits limits;
  tiering::TierOptions tier;
  int64_t fuel = 0;         ///< when config.fuel
  uint64_t timeout_ns = 0;  ///< 0: none
  bool gc_stats = false;
};

/// Reads the shared flags; others are left alone. -W takes Wasmtime's names of limits too (fuel=N, timeout=D,
/// max-memory-size=N, max-wasm-stack=N).
Result<Settings> read_settings(const Args& args);

}  // namespace ashlar::cli
