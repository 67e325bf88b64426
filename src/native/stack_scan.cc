// The stacks on which guest code and its callers run, for the collector.
#include <algorithm>

#include "native/activation.h"
#include "native/enter.h"
#include "native/fiber.h"
#include "os/thread_stack.h"

namespace ashlar::native {

namespace {

/// The stack of one of this thread's activations that holds p; null: p is on the thread's own.
const GuestStack* stack_with(const void* p) {
  for (const Activation* a = t_activation; a != nullptr; a = a->previous) {
    if (a->state->stack.contains(p)) return &a->state->stack;
  }
  return nullptr;
}

}  // namespace

/// Each activation was entered from another point of some stack: below the innermost of those points, and below the
/// current stack pointer, nothing is in use. Every stack is scanned once, from its innermost point.
void scan_stacks(runtime::Store& store, runtime::GcScanner& s, const void* sp) {
  const auto& own = static_cast<const StoreState&>(*store.native_state);
  // Suspended frames are of no activation of this thread; nothing else of the store is then.
  if (const void* at = own.fiber == nullptr ? nullptr : own.fiber->suspended_at(); at != nullptr) {
    s.scan(at, own.stack.high(), runtime::GcScanner::Insides::Offsets);
  }
  const Activation* a = t_activation;
  const void* thread_point = nullptr;
  const GuestStack* scanned[8];
  size_t count = 0;
  for (const void* point = sp;;) {
    const GuestStack* stack = stack_with(point);
    const GuestStack** const end = scanned + std::min<size_t>(count, 8);
    if (stack == nullptr) {
      if (thread_point == nullptr) thread_point = point;
    } else if (std::find(scanned, end, stack) == end) {
      // More than eight stores in one another: the rest may be scanned twice.
      if (count < 8) scanned[count++] = stack;
      s.scan(point, stack->high(), runtime::GcScanner::Insides::Offsets);
    }
    if (a == nullptr) break;
    point = a->host_sp;
    a = a->previous;
  }
  if (thread_point == nullptr) return;
  const void* end = os::stack_end(thread_point);
  CHECK(end != nullptr);  // a stack of nobody's, and no /proc
  s.scan(thread_point, end, runtime::GcScanner::Insides::Addresses);
}

}  // namespace ashlar::native
