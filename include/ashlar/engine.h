// Engine: the configuration that modules are compiled for.
//
// What an engine does to its process: it handles SIGSEGV, SIGBUS and SIGILL (on aarch64 SIGTRAP, too) and passes faults
// that are not a guest's to whoever handled them before. Machine code is interrupted by SIGURG, and Tier::Auto samples
// by SIGPROF where nobody else has that signal. Tiers Optimizing and Auto start the compiler program as a child
// process, wait for it themselves and need no SIGCHLD; they cope with a host that reaps all children.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/error.h"

namespace ashlar {
inline namespace v0 {

namespace detail {
struct Access;
struct EngineState;
}  // namespace detail

/// How the functions of an engine's modules run.
enum class Tier : uint8_t {
  /// Interpreted: starts at once, needs no child processes, and no signals but those of faults.
  Interpreter,
  /// Machine code: Module::compile waits for the compiler program, or takes what it finds in the code cache. Without
  /// the compiler program that is an error (compiler_missing).
  Optimizing,
  /// Interpreted at first; functions that turn out to be hot are compiled meanwhile by the compiler program in the
  /// background. Without it everything stays interpreted. A module is watched where one of its instances runs, on the
  /// thread that made it; what is compiled for it serves all stores.
  Auto,
};

/// How much the compiler program optimizes.
enum class OptLevel : uint8_t {
  None,
  Quick,
  Usual,
  Full,  ///< without regard to compile time
  Size,  ///< small code
};

/// Room that instances leave for others, so that making one takes microseconds. What a store used (memories, stacks,
/// tables, the heap of structs) is made as new when the store ends: the next one sees nothing of it.
struct PoolConfig {
  /// Linear memories at most. 0: no pool. Each takes 4 GiB of address space and a little, with guard pages off only
  /// `memory_bytes`, from when it is first needed; and three of the mappings that the system allows a process
  /// (vm.max_map_count), in use or idle. Shared memories, and those that the host makes, are never of the pool.
  uint32_t memories = 0;
  /// No memory of the pool grows beyond; one that begins larger is not of the pool.
  uint64_t memory_bytes = uint64_t{4} << 30;
  /// What was used may keep so many bytes in memory while it is idle: writing to them again is cheap, but they are
  /// cleaned each time.
  uint64_t keep_bytes = 256 << 10;
  /// Memories beyond those of the pool: mapped as they would be without one, or (false) the error Limit.
  bool overflow = true;
  /// All linear memories together may keep so much beyond `keep_bytes` of each: guests that are interpreters write a
  /// megabyte each time.
  uint64_t keep_more_bytes = 64 << 20;
};

/// What an engine is made with. Read once, by Engine's constructor; a plain value that any thread may copy.
struct Config {
  Tier tier = Tier::Interpreter;         ///< how functions run
  OptLevel opt_level = OptLevel::Usual;  ///< of machine code
  /// Look for compiled code in the cache and keep it there (tiers Optimizing and Auto). What is in the cache runs as it
  /// is: its folder must belong to the user alone, else it is not used.
  bool code_cache = true;
  /// The cache's folder, made when it is first needed; empty: $XDG_CACHE_HOME/ashlar or $HOME/.cache/ashlar.
  std::string cache_folder;
  /// The compiler program's path; empty: $ASHLAR_LLVM, else ../lib/ashlar/ashlar-llvm seen from this process's program,
  /// else ashlar/ashlar-llvm beside libashlar.so.
  std::string compiler;
  /// Told what costs no more than time, such as a cache that cannot be used; on the thread that compiles.
  std::function<void(const Error&)> on_warning;

  /// Guard pages let 32-bit memories run without bounds checks, for 4 GiB of address space (not memory) each.
  bool guard_pages = true;
  /// Count instructions, so that Store::set_fuel stops a guest at a place that is always the same.
  bool fuel = false;
  /// Validate each function at its first call instead of all at once; errors then are traps of that call. What is
  /// compiled to machine code is validated by the compiler in any case.
  bool lazy_validation = false;
  /// Address space in bytes that a 64-bit memory may ever use.
  uint64_t max_memory64_reservation = uint64_t{64} << 30;
  PoolConfig pool;  ///< for hosts that make many instances

  /// Switches a proposal on or off, by the name that `ashlar features` lists ("threads"); what is standard is on from
  /// the beginning. False when there is no feature of that name.
  bool set_feature(std::string_view name, bool on);

  /// With `fuel`: what an instruction takes, by its mnemonic ("i64.div_u"), or what all take whose mnemonics begin
  /// alike
  /// ("f64.*", "*"); later calls win. 1 without this. 0 is free: a loop of nothing but free instructions never runs
  /// out. The same for each run of the instruction, whatever its operands are. False when there is no instruction of
  /// that name, or the cost is above 1,000,000.
  bool set_fuel_cost(std::string_view instructions, uint32_t cost);

 private:
  friend struct detail::Access;
  std::vector<std::pair<std::string, bool>> features_;
  std::vector<std::pair<std::string, uint32_t>> fuel_costs_;
};

/// Copies are the same engine. Thread-safe: any number of threads compile for and create stores of one engine.
class Engine {
 public:
  /// Never fails: what the configuration asks for and cannot be had is an error of compiling.
  explicit Engine(const Config& config = {});
  Engine(const Engine&);
  Engine(Engine&&) noexcept;
  Engine& operator=(const Engine&);
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  /// As the configuration said.
  Tier tier() const;

 private:
  friend struct detail::Access;
  explicit Engine(std::shared_ptr<detail::EngineState> state);
  std::shared_ptr<detail::EngineState> state_;
};

/// The library's version, "0.1.0".
std::string_view version();

}  // namespace v0
}  // namespace ashlar
