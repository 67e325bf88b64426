// Host functions behind the builtins of components and behind adapters. Inside src/component only.
#pragma once

#include "component/instance.h"

namespace ashlar::component {

struct Intrinsics {
  using Object = Instance::Intrinsic;

  // For adapters.
  static Status fail(Object& o, uint32_t trap);
  static Result<uint32_t> transfer_own(Object& o, uint32_t handle);
  static Result<uint32_t> transfer_borrow(Object& o, uint32_t handle);
  static Status begin_call(Object& o);
  static Status end_call(Object& o);
  static Result<uint64_t> transfer_string(Object& o, uint32_t pointer, uint32_t length, uint64_t room);
  // Canonical builtins.
  static Result<uint32_t> resource_new(Object& o, uint32_t rep);
  static Result<uint32_t> resource_rep(Object& o, uint32_t handle);
  static Status resource_drop(Object& o, uint32_t handle);
  static Result<uint32_t> context_get(Object& o);
  static Status context_set(Object& o, uint32_t value);
  static Status backpressure_inc(Object& o);
  static Status backpressure_dec(Object& o);

  /// The host function of a trampoline that no adapter makes.
  static runtime::FuncCell* make_trampoline(Instance& instance, uint32_t trampoline);
  /// What an adapter imports but for core items.
  static Result<runtime::Extern> make_import(Instance& instance, const AdapterModule& adapter,
                                             const AdapterImport& import);
};

/// A lowered function of the host: arguments and results in slots.
Status call_host_function(Instance::Intrinsic& o, runtime::Slot* slots);

}  // namespace ashlar::component
