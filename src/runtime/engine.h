// Engine: configuration, the type registry and the tier's entry points; shared by stores on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/error.h"
#include "isa/features.h"
#include "isa/fuel_costs.h"
#include "module/limits.h"
#include "module/module.h"
#include "module/type_registry.h"
#include "runtime/context.h"
#include "runtime/memory_image.h"
#include "runtime/memory_pool.h"
#include "runtime/reusable.h"

namespace ashlar::runtime {

class Store;

enum class BoundsChecks : uint8_t { GuardPages, Explicit };

struct Config {
  isa::Features features;
  module::ModuleLimits limits;
  BoundsChecks bounds_checks = BoundsChecks::GuardPages;
  bool fuel = false;                                ///< count instructions (deterministic); Store::set_fuel
  isa::FuelCosts fuel_costs;                        ///< with `fuel`, the same in every tier
  bool lazy_validation = false;                     ///< validate bodies at first call
  uint64_t max_memory64_reservation = 64ull << 30;  ///< address space a memory64 may ever use
  PoolConfig pool;
};

/// What a tier keeps for a module; made once, shared by all instances.
class TierModule {
 public:
  virtual ~TierModule() = default;
  /// Entry for FuncCell::code of function f (defined, not imported).
  virtual const void* entry(module::FuncIdx f) = 0;
  /// Machine code of function f; null when it is not compiled.
  virtual const void* native_entry(module::FuncIdx) { return nullptr; }
  /// Where the module's machine code begins; null without.
  virtual const uint8_t* native_image() { return nullptr; }
};

/// The tier's entry points; runtime never includes a tier.
struct Tier {
  std::unique_ptr<TierModule> (*make_module)(const module::Module& m, const Config& config);
  /// Calls f with its arguments in slots[0..]; results come back in slots[0..]. `slots` holds max(params, results).
  Status (*invoke)(Store& store, const FuncCell& f, Slot* slots);
  const void* (*host_entry)();  ///< FuncCell::code of host functions
  void (*init_process)();       ///< fault handlers; idempotent
  /// For what leaves runs in the middle: puts another innermost run of this thread in the place of the one that it
  /// gives back. Null: the tier keeps nothing for a thread.
  void* (*exchange_run)(void* innermost) = nullptr;
  /// Whether all of this thread's runs, from its innermost on, are runs of that store.
  bool (*runs_only)(const Store& store) = nullptr;
  // What machine code needs; null where no tier makes any.
  const void* native_stub = nullptr;      ///< FuncCell::stub of compiled ones; null: they have TierModule::entry too
  const void* bridge = nullptr;           ///< FuncCell::native of functions that are not compiled
  const void* host_stub = nullptr;        ///< FuncCell::native of host functions with a HostEntry
  const void* const* libcalls = nullptr;  ///< InstanceContext::libcalls
};

/// What stores left behind for those that come.
struct IdleThings {
  explicit IdleThings(uint64_t most) : stacks(most), native_states(most), gc_spaces(most) {}
  IdleList stacks;         ///< of the interpreter; kind: bytes
  IdleList native_states;  ///< Store::native_state; kind: StoreLimits::stack_bytes
  IdleList gc_spaces;
};

class Engine {
 public:
  Engine(Config config, const Tier& tier);
  const Config& config() const { return config_; }
  const Tier& tier() const { return tier_; }
  const std::shared_ptr<module::TypeRegistry>& types() const { return types_; }
  IdleThings& idle() { return idle_; }
  MemoryPool* memory_pool() { return memory_pool_.get(); }  ///< null without Config::pool
  /// Of each thing that stores have, how many may be idle.
  uint64_t most_idle() const;
  /// Gives back to the system what no store has needed since the last call, but for a few of each thing. To be called
  /// every few seconds, on a thread that nobody waits for. Thread-safe. How many things went.
  uint64_t trim_idle();
  /// A module's list is trimmed as well, while it lives.
  void add_idle(IdleList& list);
  void remove_idle(IdleList& list);

 private:
  Config config_;
  Tier tier_;
  std::shared_ptr<module::TypeRegistry> types_;
  IdleThings idle_;
  std::unique_ptr<MemoryPool> memory_pool_;
  std::mutex mutex_;  ///< of what follows: a module's things need the module
  std::vector<IdleList*> idle_lists_;
};

/// A validated module with its tier's data. Shared between stores and threads; immutable, but that its declarations may
/// be read late.
class CompiledModule {
 public:
  /// Decodes the module that `so_far` is the beginning of, types made canonical. See the second constructor.
  using ReadDeclarations = Result<std::unique_ptr<module::Module>> (*)(const Engine& engine,
                                                                       const module::Module& so_far);

  /// Takes a decoded module that validation accepted with engine->types().
  CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<module::Module> module);
  ~CompiledModule() { engine_->remove_idle(idle_instances_); }
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;
  /// Takes a module that has only bytes, storage, functions and laid-out data; the rest is read when it is first
  /// wanted.
  CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<module::Module> module, ReadDeclarations read);

  /// Reads what was left out until now. Once there is no error, there is none later. Thread-safe. Errors: those of the
  /// reader. Store::instantiate asks.
  Status complete() const {
    if (complete_.load(std::memory_order_acquire)) [[likely]]
      return {};
    return read_declarations();
  }
  /// All of the module; one with nothing in it where its declarations can't be read: who would take that for the truth
  /// asks complete() before. Thread-safe.
  const module::Module& module() const { return complete() ? *module_ : nothing(); }
  /// Without reading more: bytes, storage, functions (imported_funcs too) and laid-out data are there.
  const module::Module& outline() const { return *module_; }
  TierModule& tier() const { return *tier_; }
  const std::shared_ptr<Engine>& engine() const { return engine_; }

  /// For a new instance: what its memories begin with. Null when that is not worth it: for the first without a pool.
  const InitialMemories* initial_memories();
  /// Instances whose stores have ended.
  IdleList& idle_instances() { return idle_instances_; }
  /// Whether the heap has to know its types (GcHeap::describe). For those who have completed it.
  bool has_gc_types() const { return has_gc_types_; }

 private:
  Status read_declarations() const;
  static const module::Module& nothing();
  void note_types() const;

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<module::Module> module_;
  std::unique_ptr<TierModule> tier_;
  mutable bool has_gc_types_ = false;
  ReadDeclarations read_ = nullptr;
  mutable std::atomic<bool> complete_{true};
  mutable std::mutex complete_mutex_;
  std::atomic<bool> instantiated_{false};
  std::once_flag memories_once_;
  InitialMemories memories_;
  IdleList idle_instances_;
};

}  // namespace ashlar::runtime
