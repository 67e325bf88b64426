// A component instance as lifting and lowering see it: its memory and realloc, its handles.
#pragma once

#include "component/canon.h"
#include "component/instance.h"

namespace ashlar::component {

/// Memory and realloc that canonical options of an instance name.
class InstanceMemory final : public GuestMemory {
 public:
  InstanceMemory(Instance& instance, uint32_t component_instance, const BoundOptions& options)
      : instance_(instance), component_instance_(component_instance), options_(options) {}
  MemoryView view() override;
  Result<uint64_t> realloc(uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size) override;

 private:
  Instance& instance_;
  uint32_t component_instance_;
  const BoundOptions& options_;
};

/// Its handle table. Tokens are representations.
class InstanceHandles final : public HandleSpace {
 public:
  InstanceHandles(Instance& instance, uint32_t component_instance)
      : instance_(instance), component_instance_(component_instance) {}
  Result<uint64_t> lift(const ValType& type, uint32_t index) override;
  Result<uint32_t> lower(const ValType& type, uint64_t token) override;

 private:
  Instance& instance_;
  uint32_t component_instance_;
};

/// Both, with the contexts that refer to them. For one call.
class Guest {
 public:
  Guest(Instance& instance, uint32_t component_instance, const BoundOptions& options)
      : memory_(instance, component_instance, options),
        handles_(instance, component_instance),
        options_{.encoding = options.encoding},
        has_memory_(options.memory != nullptr) {}
  LiftContext lift() { return {.options = options_, .memory = memory_.view(), .handles = &handles_}; }
  LowerContext lower() {
    return {.options = options_, .memory = has_memory_ ? &memory_ : nullptr, .handles = &handles_};
  }

 private:
  InstanceMemory memory_;
  InstanceHandles handles_;
  CanonOptions options_;
  bool has_memory_;
};

}  // namespace ashlar::component
