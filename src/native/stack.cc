// Mapping of guest stacks and the state of a store.
#include "native/stack.h"

#include <algorithm>
#include <cstring>

#include "native/abi.h"
#include "native/enter.h"
#include "os/pages.h"

namespace ashlar::native {

bool GuestStack::map(uint64_t bytes) {
  constexpr uint64_t kMost = 1ull << 40;
  const uint64_t size = os::round_up_to_pages(kGuard + kHelperStack + std::min(bytes, kMost));
  base_ = os::reserve_pages(size);
  if (base_ == nullptr) return false;
  size_ = size;
  return os::open_pages(low(), size - kGuard);
}

GuestStack::~GuestStack() {
  if (base_ != nullptr) os::release_pages(base_, size_);
}

void GuestStack::discard(const uint8_t* sp) {
  const uint64_t below = static_cast<uint64_t>(sp - low()) & ~uint64_t{os::page_size() - 1};
  if (!os::discard_pages(low(), below)) std::memset(low(), 0, below);
}

StoreState* state_of(runtime::Store& store) {
  if (store.native_state != nullptr) return static_cast<StoreState*>(store.native_state.get());
  auto state = std::make_shared<StoreState>();
  if (!state->stack.map(store.limits().stack_bytes)) return nullptr;
  // A v128 takes two slots. Types made by the host have no limit: calls of such functions are refused.
  const module::ModuleLimits& limits = store.engine().config().limits;
  state->buffer_slots = 2 * std::min(std::max(limits.params, limits.results), 1u << 20);
  state->buffer = std::make_unique<runtime::Slot[]>(size_t{state->buffer_slots} + 1);
  state->buffer[0] = reinterpret_cast<runtime::Slot>(state->stack.low() + kHelperStack);
  os::set_alarm_handler(&on_alarm);
  store.native_state = state;
  store.scan_native_stacks = &scan_stacks;
  store.bind_results(state->results());
  return state.get();
}

}  // namespace ashlar::native
