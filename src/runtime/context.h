// InstanceContext and FuncCell: what handlers and generated code may touch, at fixed offsets.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/value.h"

namespace ashlar::runtime {

class Store;
class Memory;
class Table;
class Instance;
struct HostFunc;
struct InstanceContext;
struct TagInstance;

/// A host function that compiled code calls in the platform's C convention: `object`, then the parameters, none wider
/// than 64 bits and all in registers, and at most one result. How it fails: native/enter.h.
struct HostEntry {
  const void* code;  ///< null: there is none
  void* object;
};

/// A function as a first-class value: what funcref points to. Address-stable for the store's life.
struct FuncCell {
  const void* code;      ///< tier entry; for the interpreter its first instruction. Never null.
  InstanceContext* ctx;  ///< of the instance that defines it; host functions: null
  uint32_t type_id;      ///< canonical function type
  uint32_t index;        ///< in its module; kNoIndex for host functions
  const HostFunc* host;  ///< host functions only
  uint32_t param_slots;  ///< slots of parameters and results (v128 counts two)
  uint32_t result_slots;
  const void* native;  ///< entry in the native convention (native/abi.h); null until a tier with machine code is there
  void* native_ctx;    ///< its first argument: ctx; the cell itself where native is the bridge; a HostEntry
  const void* stub;    ///< where `code` points here: Tier::native_stub
};

/// One an instance. Fields are rows of layout.def; a static check compares offsets.
struct InstanceContext {
  uint8_t* mem0_base;  ///< memory 0; null without one. Memories never move.
  Memory* mem0;
  Slot** globals;  ///< pointer to each global's value (imports point elsewhere)
  Memory** memories;
  Table** tables;
  FuncCell** funcs;  ///< created on demand: use Instance::func_cell(i) when null
  TagInstance** tags;
  uint8_t* gc_base;                        ///< start of the store's GC heap range
  const std::atomic<uint32_t>* interrupt;  ///< non-zero: take the slow path at the next safepoint
  Slot* stack_limit;                       ///< a frame must end at or below this
  Store* store;
  Instance* instance;
  void* tier_module;  ///< the tier's data of this module (interp::ModuleCode*)
  // Only machine code reads what follows.
  const uint32_t* type_ids;     ///< canonical id of each type of the module
  const void* const* libcalls;  ///< rows of libcalls.def; null without a tier with machine code
  Slot* results;                ///< where functions with several results leave them; one buffer a store
  int64_t* fuel;                ///< Store::fuel
  const uint8_t* native_image;  ///< start of the module's compiled code; null without
};

/// A tag instance: identity is its address.
struct TagInstance {
  uint32_t type_id;  ///< canonical function type; results are empty
};

}  // namespace ashlar::runtime
