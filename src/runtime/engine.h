// Engine: configuration, the type registry and the tier's entry points; shared by stores on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"
#include "isa/features.h"
#include "module/limits.h"
#include "module/module.h"
#include "module/type_registry.h"
#include "runtime/context.h"

namespace ashlar::runtime {

class Store;

enum class BoundsChecks : uint8_t { GuardPages, Explicit };

struct Config {
  isa::Features features;
  module::ModuleLimits limits;
  BoundsChecks bounds_checks = BoundsChecks::GuardPages;
  bool fuel = false;                                ///< count instructions (deterministic); Store::set_fuel
  bool lazy_validation = false;                     ///< validate bodies at first call
  uint64_t max_memory64_reservation = 64ull << 30;  ///< address space a memory64 may ever use
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
  // What machine code needs; null where no tier makes any.
  const void* native_stub = nullptr;      ///< FuncCell::stub of compiled ones; null: they have TierModule::entry too
  const void* bridge = nullptr;           ///< FuncCell::native of functions that are not compiled
  const void* const* libcalls = nullptr;  ///< InstanceContext::libcalls
};

class Engine {
 public:
  Engine(Config config, const Tier& tier);
  const Config& config() const { return config_; }
  const Tier& tier() const { return tier_; }
  const std::shared_ptr<module::TypeRegistry>& types() const { return types_; }

 private:
  Config config_;
  Tier tier_;
  std::shared_ptr<module::TypeRegistry> types_;
};

/// A validated module with its tier's data. Immutable, shared between stores and threads.
class CompiledModule {
 public:
  /// Takes a decoded module that validation accepted with engine->types().
  CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<module::Module> module);
  const module::Module& module() const { return *module_; }
  TierModule& tier() const { return *tier_; }
  const std::shared_ptr<Engine>& engine() const { return engine_; }

 private:
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<module::Module> module_;
  std::unique_ptr<TierModule> tier_;
};

}  // namespace ashlar::runtime
