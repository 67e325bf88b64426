// Store: what running instances can reach, with its limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "ashlar/engine.h"
#include "ashlar/tenant.h"
#include "ashlar/value.h"
#include "ashlar/wasi.h"

namespace ashlar {
inline namespace v0 {

namespace detail {
void set_data(StoreState* store, std::unique_ptr<External> data);
External* get_data(StoreState* store);
}  // namespace detail

/// What a store may use. Reaching a limit is an error (Limit), a failed memory.grow or table.grow, or a trap.
struct StoreLimits {
  uint64_t memory_bytes = ~uint64_t{0};        ///< all memories together
  uint64_t table_elements = ~uint64_t{0};      ///< all tables together
  uint64_t instances = ~uint64_t{0};           ///< how many
  uint64_t gc_heap_bytes = uint64_t{1} << 30;  ///< structs, arrays and exceptions
  uint64_t stack_bytes = uint64_t{8} << 20;    ///< of guest frames
  uint32_t host_depth = 100;                   ///< nested calls host -> guest -> host
};

/// What a store uses.
struct StoreUsage {
  uint64_t memory_bytes = 0;    ///< of all memories, shared ones included
  uint64_t table_elements = 0;  ///< of all tables
  uint64_t instances = 0;       ///< libraries of linkers included
  uint64_t gc_heap_bytes = 0;   ///< of the heap's blocks in use, which hold garbage too until it is collected
};

/// Owns instances and all they hold; nothing in it is freed before the store is. Belongs to one thread at a time (it
/// may move between threads); only interrupt() may be called from anywhere. Instance, Func, Memory, Table, Global
/// and Tag are handles into a store: cheap to copy, never to be used after it.
class Store {
 public:
  /// Without address space for the guest's stack, calls trap with call_stack_exhausted.
  explicit Store(const Engine& engine, const StoreLimits& limits = {});
  /// One of the tenant's: what it uses counts in the tenant's ledger, too. When the tenant may have no more stores,
  /// instantiating is the error (Limit).
  Store(const Engine& engine, const Tenant& tenant, const StoreLimits& limits = {});
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Instructions left, one a wasm instruction or its cost (Config::set_fuel_cost); counted with Config::fuel. Those
  /// between two branches are taken together. What is left does not depend on the tier: it is brought up to date where
  /// a round of a loop begins, and before calls, returns and throws, and a trap leaves it as it was there. When less
  /// than nothing is left where a function or a round of a loop begins, that is the trap out_of_fuel; what comes before
  /// the next such place still runs. A new store has none.
  void set_fuel(int64_t fuel);
  /// What is left; negative when it has run out.
  int64_t fuel() const;

  /// Stops running code, and blocking WASI calls, with the trap "interrupted: REASON"; calls made later stop too, until
  /// clear_interrupt(). Thread-safe while the store lives. A host function is not stopped, but what called it is when
  /// it returns. Compiled code is stopped by a signal to its thread: SIGURG, whose handler passes others' on; the
  /// thread must not block it. Threads that the store's WASI programs have started end with it.
  void interrupt(std::string reason);
  /// Ends what interrupt() began. Thread-safe.
  void clear_interrupt();

  /// Interrupts at that time ("interrupted: deadline"), as interrupt() does; in place of an earlier call's deadline.
  /// Calls made afterwards stop, too, until clear_deadline() or the next set_deadline(). The first deadline of a
  /// process starts a thread, which all stores share.
  void set_deadline(std::chrono::steady_clock::time_point at);
  /// There is no deadline any more, and none has passed.
  void clear_deadline();

  /// Anything of the embedder's, which the store owns and host functions reach by Caller::data(). Replaces what was
  /// there before. It is destroyed after all else in the store; it may hold Values, and must not use the store then.
  template <class T>
  std::decay_t<T>& set_data(T&& data) {
    auto made = std::make_unique<detail::ExternalOf<std::decay_t<T>>>(std::forward<T>(data));
    std::decay_t<T>& out = made->object;
    detail::set_data(state_.get(), std::move(made));
    return out;
  }
  /// What set_data() was given; null when that was of another type, or nothing.
  template <class T>
  T* data() const {
    return detail::external_as<T>(detail::get_data(state_.get()));
  }

  /// What WASI grants programs of this store, in place of what Linker::define_wasi() says; before the first of them is
  /// instantiated.
  void set_wasi(WasiConfig config);

  /// As they were given.
  const StoreLimits& limits() const;
  /// What counts against them now.
  StoreUsage usage() const;
  /// That it was made for.
  Engine engine() const;

  /// Frees the structs, arrays, exceptions and host objects that nothing refers to, now; otherwise this happens a
  /// little at a time while guests allocate. What lies on the stack may look like a reference, so a few can stay.
  void collect_garbage();

 private:
  friend struct detail::Access;
  explicit Store(std::unique_ptr<detail::StoreState> state);
  std::unique_ptr<detail::StoreState> state_;
};

}  // namespace v0
}  // namespace ashlar
