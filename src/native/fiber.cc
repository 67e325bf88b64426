// Switching between a thread's stack and a fiber's: all that belongs to the thread is exchanged on the thread's own.
#include "native/fiber.h"

#include <cxxabi.h>

#include <utility>

#include "native/arch.h"
#include "native/sanitizer.h"
#include "os/fault.h"

namespace ashlar::native {

Status Fiber::start(runtime::Store& store, Main main, void* argument) {
  CHECK(store_ == nullptr && store.host_depth == 0);
  if (!kSupported) return make_error(ErrorCode::not_implemented, kNoOffset, "suspension on this processor");
  StoreState* const state = state_of(store);
  if (state == nullptr) return make_error(ErrorCode::call_stack_exhausted);
  store_ = &store;
  main_ = main;
  argument_ = argument;
  self_.context = this;
  self_.sp = state->stack.high();
  self_.store = &store;
  self_.state = state;
  self_.collections = store.heap().stats().minor;
  innermost_ = &self_;
  tier_innermost_ = nullptr;
  host_depth_ = 0;
  // As if compiled code had called the host: alarms leave it alone.
  state->words().outside = this;
  state->fiber = this;
  store.helper_stack = {reinterpret_cast<uintptr_t>(state->stack.low()), kHelperStack};
  sanitizer_ = make_sanitizer_fiber();
  run(reinterpret_cast<const void*>(&main_of));
  return {};
}

void Fiber::go_on() {
  CHECK(store_ != nullptr && !running_);
  run(reinterpret_cast<const void*>(&ashlar_native_continue));
}

// Here nothing is kept over the switch that belongs to a thread but what is this thread's afterwards as well.
void Fiber::run(const void* code) {
  runtime::Store& store = *store_;
  const runtime::Tier& tier = store.engine().tier();
  os::ensure_alternate_stack();
  store.note_thread();
  if (self_.state->activation != nullptr) store.begin_machine_code();
  store.host_depth = host_depth_;
  self_.code = code;
  Activation* const outer = t_activation;
  self_.previous = outer;
  auto* const caught = reinterpret_cast<CaughtExceptions*>(abi::__cxa_get_globals());
  std::swap(*caught, caught_);
  void* const tier_outer = tier.exchange_run == nullptr ? nullptr : tier.exchange_run(tier_innermost_);
  t_activation = innermost_;
  running_ = true;
  {
    const StackSwitch on(&self_.state->stack);
    const SanitizerFiber here(sanitizer_);
    ashlar_native_enter(&self_);
  }
  running_ = false;
  innermost_ = std::exchange(t_activation, outer);
  if (tier.exchange_run != nullptr) tier_innermost_ = tier.exchange_run(tier_outer);
  std::swap(*caught, caught_);
  if (self_.state->activation != nullptr) store.end_machine_code();
  host_depth_ = std::exchange(store.host_depth, runtime::Store::kSuspendedDepth);
  if (returned_) end();
}

void Fiber::end() {
  runtime::Store& store = *std::exchange(store_, nullptr);
  StoreState& state = *self_.state;
  returned_ = false;
  store.host_depth = 0;
  store.helper_stack = {};
  state.fiber = nullptr;
  state.words().outside = nullptr;
  end_sanitizer_fiber(sanitizer_);
  forget_all_frames(state.stack);
  // As in end() of an activation.
  if (store.heap().stats().minor != self_.collections) state.stack.discard(state.stack.high());
}

void Fiber::main_of(Fiber* fiber) {
  fiber->main_(fiber->argument_);
  fiber->returned_ = true;
  // Not to where the entry stub was called first.
  ashlar_native_leave(fiber->self_.host_sp);
}

Fiber::Place Fiber::place() const {
  if (store_ == nullptr || !running_) return Place::Elsewhere;
  for (const Activation* a = t_activation; a != &self_; a = a->previous) {
    if (a == nullptr) return Place::Elsewhere;
    if (a->store != store_) return Place::Between;
  }
  const runtime::Tier& tier = store_->engine().tier();
  return tier.runs_only == nullptr || tier.runs_only(*store_) ? Place::Here : Place::Between;
}

}  // namespace ashlar::native
