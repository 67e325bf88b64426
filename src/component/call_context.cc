// Lifting and lowering between the host and an instance; see call_context.h.
#include "component/call_context.h"

namespace ashlar::component {

void CallContext::refresh() {
  if (options_.memory == nullptr) return;
  base_ = options_.memory->base();
  size_ = options_.memory->byte_size();
}

uint32_t CallContext::allocate(uint32_t align, uint64_t size) {
  if (failed()) return 0;
  if (options_.realloc == nullptr || size > ~uint32_t{0}) {
    fail(AdapterTrap::list_too_long);
    return 0;
  }
  runtime::GlobalInstance& may_leave = *instance_.state(component_instance_).may_leave;
  runtime::Slot slots[4] = {0, 0, align, size};
  may_leave.value[0] = 0;
  Status done = instance_.store().invoke(*options_.realloc, slots);
  may_leave.value[0] = 1;
  refresh();
  if (!done) {
    fail(std::move(done).error());
    return 0;
  }
  const auto at = static_cast<uint32_t>(slots[0]);
  if ((at & (align - 1)) != 0) fail(AdapterTrap::unaligned_realloc);
  if (size > size_ || at > size_ - size) fail(AdapterTrap::realloc_out_of_bounds);
  return failed() ? 0 : at;
}

uint32_t CallContext::lift_own(ResourceId resource, uint32_t handle) {
  if (failed()) return 0;
  Result<uint32_t> rep = instance_.state(component_instance_).handles.take_own(resource, handle);
  if (!rep) fail(std::move(rep).error());
  return rep ? *rep : 0;
}

uint32_t CallContext::lift_borrow(ResourceId resource, uint32_t handle) {
  if (failed()) return 0;
  Result<uint32_t> rep = instance_.state(component_instance_).handles.lend(resource, handle, instance_.loans());
  if (!rep) fail(std::move(rep).error());
  return rep ? *rep : 0;
}

uint32_t CallContext::lower_own(ResourceId resource, uint32_t rep) {
  if (failed()) return 0;
  Result<uint32_t> handle = instance_.state(component_instance_).handles.add_own(resource, rep);
  if (!handle) fail(std::move(handle).error());
  return handle ? *handle : 0;
}

uint32_t CallContext::lower_borrow(ResourceId resource, uint32_t rep) {
  if (failed()) return 0;
  const PlanResource& type = instance_.plan().resources[resource];
  if (!type.imported && type.instance == component_instance_) return rep;
  Result<uint32_t> handle = instance_.state(component_instance_).handles.add_borrow(resource, rep, instance_.loans());
  if (!handle) fail(std::move(handle).error());
  return handle ? *handle : 0;
}

}  // namespace ashlar::component
