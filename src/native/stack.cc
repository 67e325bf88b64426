// Mapping of guest stacks and the state of a store.
#include "native/stack.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "native/abi.h"
#include "native/activation.h"
#include "native/enter.h"
#include "native/sanitizer.h"
#include "os/pages.h"

namespace ashlar::native {

bool GuestStack::map(uint64_t bytes) {
  constexpr uint64_t kMost = 1ull << 40;
  const uint64_t size = os::round_up_to_pages(kGuard + kHelperStack + std::min(bytes, kMost));
  base_ = os::reserve_pages(size);
  if (base_ == nullptr) return false;
  size_ = size;
  if (!os::open_pages(low(), size - kGuard)) return false;
  os::keep_pages_small(low(), size - kGuard);
  pages_.bind(low(), size - kGuard);
  return true;
}

GuestStack::~GuestStack() {
  if (base_ != nullptr) os::release_pages(base_, size_);
}

void GuestStack::discard(const uint8_t* sp) {
  const uint64_t below = static_cast<uint64_t>(sp - low()) & ~uint64_t{os::page_size() - 1};
  if (!os::discard_pages(low(), below)) std::memset(low(), 0, below);
}

StoreState::StoreState() : first(std::make_unique<Activation>()) {}
StoreState::~StoreState() = default;

bool StoreState::clean(const runtime::Cleaning& how) {
  activation = nullptr;
  CHECK(fiber == nullptr);
  trace.count = 0;
  trace.more = 0;
  forget_all_frames(stack);
  error = {};
  words().outside = nullptr;
  words().host_failed = 0;
  return stack.clean(how);
}

namespace {

std::unique_ptr<StoreState> make_state(const runtime::Store& store) {
  auto state = std::make_unique<StoreState>();
  if (!state->stack.map(store.limits().stack_bytes)) return nullptr;
  // A v128 takes two slots. Types made by the host have no limit: calls of such functions are refused.
  const module::ModuleLimits& limits = store.engine().config().limits;
  state->buffer_slots = 2 * std::min(std::max(limits.params, limits.results), 1u << 20);
  state->buffer =
      std::make_unique_for_overwrite<std::byte[]>(sizeof(StubWords) + state->buffer_slots * sizeof(runtime::Slot));
  new (state->buffer.get()) StubWords;
  state->words().helper_limit = state->stack.low() + kHelperStack;
  state->first->state = state.get();
  state->first->sp = state->stack.high();
  os::set_alarm_handler(&on_alarm);
  os::prepare_barriers();
  return state;
}

}  // namespace

StoreState* state_of(runtime::Store& store) {
  if (store.native_state != nullptr) [[likely]]
    return static_cast<StoreState*>(store.native_state.get());
  store.native_state = store.engine().idle().native_states.take(store.limits().stack_bytes);
  if (store.native_state == nullptr) store.native_state = make_state(store);
  if (store.native_state == nullptr) return nullptr;
  auto* state = static_cast<StoreState*>(store.native_state.get());
  state->first->store = &store;
  state->first->collections = 0;
  store.scan_native_stacks = &scan_stacks;
  store.bind_results(state->results());
  return state;
}

}  // namespace ashlar::native
