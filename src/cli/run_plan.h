// What is to be run and how, as the command line of `ashlar run` says it, and of commands that run a program too.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/wasi_bind.h"
#include "cli/config_flags.h"
#include "inspect/inspect.h"

namespace ashlar::cli {

enum RunFlag : int {
  kDir = kFirstOwnFlag,
  kEnv,
  kInheritEnv,
  kListen,
  kInvoke,
  kPreload,
  kArgv0,
  kProfile,
  kDebugInfo,
  kHeapSnapshot,
};

/// Writes a snapshot of the heap at the end.
inline constexpr std::string_view kHeapCommandName = "heap";

/// What all of them take.
inline constexpr auto kRunFlags = std::to_array<Flag>({
    {kDir, 0, "dir", "HOST[::GUEST][:ro]", "grant a directory, with ':ro' only for reading"},
    {kEnv, 0, "env", "NAME[=VALUE]", "set an environment variable, or pass on our own"},
    {kInheritEnv, 0, "inherit-env", "", "pass on the whole environment"},
    {kListen, 0, "listen", "ADDRESS:PORT", "open a listening socket and hand it to the program"},
    {kInvoke, 0, "invoke", "NAME", "call this exported function with ARGS and print its results"},
    {kPreload, 0, "preload", "NAME=FILE", "instantiate another module first; imports from NAME are its exports"},
    {kArgv0, 0, "argv0", "NAME", "the program's own name, as it sees it"},
    {kMaxMemoryFlag, 0, "max-memory", "SIZE", "limit of linear memory (512M, 2G)"},
    {kMaxStackFlag, 0, "max-stack", "SIZE", "limit of the call stack (8M)"},
    kMaxGcHeapFlagRow,
    kGcStressFlagRow,
    {kFuelFlag, 0, "fuel", "N", "trap after about N instructions, always at the same place"},
    {kTimeoutFlag, 0, "timeout", "DURATION", "trap when the program has run so long (5s, 500ms)"},
    {kTierFlag, 0, "tier", "interp|optimizing|auto",
     "interpret, compile everything first, or compile\nwhat is hot while the program runs (the default)"},
    kNoCacheFlagRow,
    {kAllowPrecompiledFlag, 0, "allow-precompiled", "",
     "FILE may be what 'ashlar compile' wrote: machine code\nthat nothing holds back, so know where it came from"},
    {kProfile, 0, "profile", "perf|jitdump",
     "tell perf the names of compiled functions, or also\ntheir lines (jit-PID.dump, for 'perf inject --jit')"},
    {kDebugInfo, 'g', "debug-info", "",
     "show GDB the functions and the lines of their source;\ncompiles without optimizing"},
    kStatsFlagRow,
    kBoundsChecksFlagRow,
    kLazyFlagRow,
    kFeatureFlagRow,
});

/// The flags of both.
template <size_t N, size_t M>
constexpr auto join_flags(const std::array<Flag, N>& a, const std::array<Flag, M>& b) {
  std::array<Flag, N + M> out{};
  std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), out.begin()));
  return out;
}

/// What is to be run, read off the command line.
struct Plan {
  Settings settings;
  api::WasiOptions wasi;
  std::string file;
  std::vector<std::pair<std::string, std::string>> preloads;
  std::optional<std::string_view> invoke;
  inspect::Options inspect;
  std::string heap_snapshot;  ///< where to; empty: none
  bool snapshot_at_end = false;
  std::span<const std::string_view> arguments;
};

Result<Plan> read_plan(const Args& args);

/// Without a command to give them to, arguments that begin with --invoke are meant for us: FILE --invoke NAME ARGS.
Status accept_late_invoke(const module::Module& m, Plan& plan);

}  // namespace ashlar::cli
