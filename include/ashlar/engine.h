// Engine: the configuration that modules are compiled for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar {
inline namespace v0 {

namespace detail {
struct Access;
struct EngineState;
}  // namespace detail

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
};

struct Config {
  /// Guard pages let 32-bit memories run without bounds checks, for 4 GiB of address space (not memory) each.
  bool guard_pages = true;
  /// Count instructions, so that Store::set_fuel stops a guest at a place that is always the same.
  bool fuel = false;
  /// Validate each function at its first call instead of all at once; errors then are traps of that call.
  bool lazy_validation = false;
  /// Address space in bytes that a 64-bit memory may ever use.
  uint64_t max_memory64_reservation = uint64_t{64} << 30;
  PoolConfig pool;

  /// Switches a proposal on or off, by the name that `ashlar features` lists ("threads"); what is standard is on from
  /// the beginning. False when there is no feature of that name.
  bool set_feature(std::string_view name, bool on);

 private:
  friend struct detail::Access;
  std::vector<std::pair<std::string, bool>> features_;
};

/// Copies are the same engine. Thread-safe: any number of threads compile for and create stores of one engine.
class Engine {
 public:
  explicit Engine(const Config& config = {});
  Engine(const Engine&);
  Engine(Engine&&) noexcept;
  Engine& operator=(const Engine&);
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

 private:
  friend struct detail::Access;
  std::shared_ptr<detail::EngineState> state_;
};

/// The library's version, "0.1.0".
std::string_view version();

}  // namespace v0
}  // namespace ashlar
