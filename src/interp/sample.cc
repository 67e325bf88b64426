// Samples of interpreted code.
#include "interp/sample.h"

#include "interp/activation.h"

namespace ashlar::interp {

Sample take_sample(const void* pc, [[maybe_unused]] void* argument0) {
  const Activation* a = t_activation;
  if (a == nullptr) return {pc, nullptr, nullptr};
#if ASHLAR_DISPATCH_LOOP
  return {pc, a->regs == nullptr ? nullptr : a->regs->ip, a->outside_ip};
#else
  return {pc, static_cast<const Code*>(argument0), a->outside_ip};
#endif
}

SamplePlace find_place(const ModuleCode& code, const Sample& sample) {
  // Any address may stand in the register while something else runs; few lie in lowered code.
  for (const Code* at : {sample.ip, sample.caller}) {
    if (at == nullptr) continue;
    const CodeOwner owner = find_code(at);
    if (owner.module != &code) continue;
    const auto offset = static_cast<uint32_t>(at - owner.func->begin());
    const LoopHead* innermost = nullptr;
    for (const LoopHead& loop : owner.func->loops) {
      if (loop.code <= offset && offset < loop.end && loop.entry == nullptr) innermost = &loop;
    }
    return {owner.func, innermost};
  }
  return {};
}

}  // namespace ashlar::interp
