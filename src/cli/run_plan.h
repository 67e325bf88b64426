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
#include "serve/program_style.h"

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
  kWasiOptions,
  kMaxThreads,
  kAllowNet,
  kAllowNameLookup,
  kConfig,
  kConfigFile,
  kKeyValue,
  kLogging,
  kAllowHttp,
  kCaCert,
  kStyle,
  kFirstFlagBehindRun  ///< where those begin that a command has beside them
};

/// Writes a snapshot of the heap at the end.
inline constexpr std::string_view kHeapCommandName = "heap";

inline constexpr Flag kDirFlagRow = {kDir, 0, "dir", "HOST[::GUEST][:ro]",
                                     "grant a directory, with ':ro' only for reading"};
inline constexpr Flag kEnvFlagRow = {kEnv, 0, "env", "NAME[=VALUE]", "set an environment variable, or pass on our own"};
inline constexpr Flag kInheritEnvFlagRow = {kInheritEnv, 0, "inherit-env", "", "pass on the whole environment"};

// What components alone can be granted.
inline constexpr Flag kAllowNetFlagRow = {
    kAllowNet, 0, "allow-net", "RULE,...",
    "let a component use the network: HOST, ADDRESS, ADDRESS/BITS\nor *, with :PORT or :FIRST-LAST behind"};
inline constexpr Flag kAllowNameLookupFlagRow = {kAllowNameLookup, 0, "allow-name-lookup", "",
                                                 "let a component look up any host name"};
inline constexpr Flag kConfigFlagRow = {kConfig, 0, "config", "KEY=VALUE", "what a component finds in wasi:config"};
inline constexpr Flag kConfigFileFlagRow = {kConfigFile, 0, "config-file", "FILE", "the same from a file, a line each"};
inline constexpr Flag kKeyValueFlagRow = {
    kKeyValue, 0, "keyvalue", "[NAME=]STORE",
    "a store of wasi:keyvalue: 'memory', 'sqlite:PATH' or\n'redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]'; NAME is "
    "what\nit is opened by"};
inline constexpr Flag kLoggingFlagRow = {
    kLogging, 0, "logging", "LEVEL",
    "show what a component logs (wasi:logging) from this level on:\ntrace, debug, info, warn, error, critical"};

inline constexpr Flag kAllowHttpFlagRow = {
    kAllowHttp, 0, "allow-http", "HOST,...",
    "send HTTP requests there (components): example.org,\n*.example.org, HOST:PORT, '*': all public ones;\n"
    "addresses that are not public by themselves\n(127.0.0.1:8080, 10.0.0.0/8), or localhost"};

inline constexpr Flag kCaCertFlagRow = {
    kCaCert, 0, "cacert", "FILE", "trust these certificates, too (PEM), when a component\nsends requests by https"};

/// What all of them take.
inline constexpr auto kRunFlags = std::to_array<Flag>({
    kDirFlagRow,
    kEnvFlagRow,
    kInheritEnvFlagRow,
    {kListen, 0, "listen", "ADDRESS:PORT", "open a listening socket and hand it to the program"},
    kAllowNetFlagRow,
    kAllowNameLookupFlagRow,
    kConfigFlagRow,
    kConfigFileFlagRow,
    kKeyValueFlagRow,
    kLoggingFlagRow,
    {kMaxThreads, 0, "max-threads", "N", "how many threads the program may have beside its first (1024);\n0: none"},
    {kWasiOptions, 'S', "wasi", "NAME[=y|n],...",
     "allow or forbid threads, the environment (inherit-env),\nthe network (inherit-network, tcp, udp, "
     "allow-ip-name-lookup)"},
    kAllowHttpFlagRow,
    kCaCertFlagRow,
    {kInvoke, 0, "invoke", "NAME", "call this exported function with ARGS and print its results"},
    {kPreload, 0, "preload", "NAME=FILE", "instantiate another module first; imports from NAME are its exports"},
    {kArgv0, 0, "argv0", "NAME", "the program's own name, as it sees it"},
    {kMaxMemoryFlag, 0, "max-memory", "SIZE", "limit of linear memory (512M, 2G)"},
    {kMaxStackFlag, 0, "max-stack", "SIZE", "limit of the call stack (8M)"},
    kMaxGcHeapFlagRow,
    kGcStressFlagRow,
    {kFuelFlag, 0, "fuel", "N", "trap after about N instructions, always at the same place"},
    kFuelCostFlagRow,
    {kTimeoutFlag, 0, "timeout", "DURATION", "trap when the program has run so long (5s, 500ms)"},
    {kTierFlag, 0, "tier", "interp|optimizing|auto",
     "interpret, compile everything first, or compile\nwhat is hot while the program runs (the default)"},
    kNoCacheFlagRow,
    kAllowPrecompiledFlagRow,
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
  std::vector<std::pair<std::string_view, std::string_view>> allow_http;  ///< flag and host
  std::string cacert;                                                     ///< a file; empty: none
  std::optional<serve::ProgramStyle> style;                               ///< of 'ashlar serve'; empty: guessed
  std::string heap_snapshot;                                              ///< where to; empty: none
  bool snapshot_at_end = false;
  std::span<const std::string_view> arguments;
};

Result<Plan> read_plan(const Args& args);

/// Shows profilers and debuggers what is compiled from now on, when the plan asks for it. To be called once, before
/// anything is loaded. Errors: Io.
Status start_inspection(const Plan& plan);
/// "HOST", "HOST::GUEST", each with ":ro" behind.
api::WasiOptions::Dir parse_dir(std::string_view text);

/// Errors: that the plan grants what only components can use.
Status check_module_grants(const Plan& plan);

/// Without a command to give them to, arguments that begin with --invoke are meant for us: FILE --invoke NAME ARGS.
Status accept_late_invoke(const module::Module& m, Plan& plan);

}  // namespace ashlar::cli
