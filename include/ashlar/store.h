// Store: what running instances can reach, with its limits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ashlar/engine.h"

namespace ashlar {
inline namespace v0 {

namespace detail {
struct StoreState;
}

/// What a store may use. Reaching a limit is an error (Limit), a failed memory.grow or table.grow, or a trap.
struct StoreLimits {
  uint64_t memory_bytes = ~uint64_t{0};        ///< all memories together
  uint64_t table_elements = ~uint64_t{0};      ///< all tables together
  uint64_t instances = ~uint64_t{0};           ///< how many
  uint64_t gc_heap_bytes = uint64_t{1} << 30;  ///< structs, arrays and exceptions
  uint64_t stack_bytes = uint64_t{8} << 20;    ///< of guest frames
  uint32_t host_depth = 100;                   ///< nested calls host -> guest -> host
};

/// Owns instances and all they hold; nothing in it is freed before the store is. Belongs to one thread at a time (it
/// may move between threads); only interrupt() may be called from anywhere. Instance, Func, Memory, Table and Global
/// are handles into a store: cheap to copy, never to be used after it.
class Store {
 public:
  explicit Store(const Engine& engine, const StoreLimits& limits = {});
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Instructions left, one a wasm instruction; counted with Config::fuel. Those between two branches are taken
  /// together, when the first of them begins, so that what is left does not depend on the tier: neither at the end, nor
  /// where one traps. When less than nothing is left where a function or a round of a loop begins, that is the trap
  /// out_of_fuel; what comes before the next such place still runs. A new store has none.
  void set_fuel(int64_t fuel);
  int64_t fuel() const;

  /// Stops running code, and blocking WASI calls, with the trap "interrupted: REASON"; calls made later stop too, until
  /// clear_interrupt(). Thread-safe while the store lives. A host function is not stopped, but what called it is when
  /// it returns. Compiled code is stopped by a signal to its thread: SIGURG, whose handler passes others' on; the
  /// thread must not block it.
  void interrupt(std::string reason);
  void clear_interrupt();

  /// Frees the structs, arrays, exceptions and host objects that nothing refers to, now; otherwise this happens a
  /// little at a time while guests allocate. What lies on the stack may look like a reference, so a few can stay.
  void collect_garbage();

 private:
  friend struct detail::Access;
  std::unique_ptr<detail::StoreState> state_;
};

}  // namespace v0
}  // namespace ashlar
