// The bridge's C++ side: calls from compiled code to the host and to functions that are not compiled.
#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "native/activation.h"
#include "native/arch.h"

namespace ashlar::native {

namespace {

using isa::ValType;
using runtime::FuncCell;
using runtime::InstanceContext;
using runtime::Slot;

/// Room for max(parameters, results) of one call.
class SlotBuffer {
 public:
  SlotBuffer(runtime::GcHeap& objects, size_t count) {
    if (count <= kInline) return;
    heap_ = std::make_unique<Slot[]>(count);
    scanned_.emplace(objects, heap_.get(), count * sizeof(Slot));
  }
  Slot* data() { return heap_ ? heap_.get() : inline_; }

 private:
  static constexpr size_t kInline = 24;
  Slot inline_[kInline];
  std::unique_ptr<Slot[]> heap_;
  std::optional<runtime::GcHeap::ScannedRange> scanned_;
};

/// Narrow values come with anything in the other half of their register.
void take_arguments(const runtime::Store& store, const module::FuncType& type, const BridgeFrame& frame,
                    const Slot* buffer, Slot* slots) {
  ParamWalk walk;
  for (ValType param : type.params) {
    const ParamPlace place = walk.next(param);
    Slot lo = 0;
    Slot hi = 0;
    switch (place.kind) {
      case ParamPlace::Int:
        lo = frame.ints[place.index];
        break;
      case ParamPlace::Float:
        lo = frame.floats[place.index].lo;
        hi = frame.floats[place.index].hi;
        break;
      case ParamPlace::Buffer:
        lo = buffer[place.index];
        if (param.is_vec()) hi = buffer[place.index + 1];
        break;
    }
    slots[0] = runtime::is_narrow(store, param) ? static_cast<uint32_t>(lo) : lo;
    if (param.is_vec()) slots[1] = hi;
    slots += param.slot_count();
  }
}

void put_results(const FuncCell& cell, const module::FuncType& type, const Slot* slots, Slot* buffer,
                 BridgeFrame& frame) {
  if (type.results.size() > 1) {
    std::memcpy(buffer, slots, cell.result_slots * sizeof(Slot));
    return;
  }
  if (type.results.empty()) return;
  // Nobody reads the register of the other kind.
  frame.ints[0] = slots[0];
  frame.floats[0] = {slots[0], type.results[0].is_vec() ? slots[1] : 0};
}

enum class Outcome : uint8_t {
  Throw,     ///< the store's pending exception
  Return,    ///< the result is in ints[0] or floats[0]
  Leave,     ///< the state's error says why
  Interrupt  ///< the store was interrupted meanwhile
};

/// Alarms find out whether they interrupt compiled code and its helpers, or this.
class Outside {
 public:
  explicit Outside(StubWords& words) : words_(words) { set(this); }
  ~Outside() { set(nullptr); }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

 private:
  void set(const void* outside) {
    words_.outside = outside;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  StubWords& words_;
};

Status call(const FuncCell& cell, InstanceContext& caller, StoreState& state, Slot* slots) {
  runtime::Store& store = *caller.store;
  const Outside outside(state.words());
  return cell.host != nullptr ? store.call_host(cell, caller.instance, slots)
                              : store.engine().tier().invoke(store, cell, slots);
}

/// How a callee's error goes on; it is in the state.
Outcome outcome_of_error(const runtime::Store& store, const StoreState& state) {
  const bool is_exception = state.error.error().code() == ErrorCode::uncaught_exception;
  if (!is_exception || store.pending_exception == runtime::kNullRef) return Outcome::Leave;
  return store.interrupt_flag().load(std::memory_order_relaxed) != 0 ? Outcome::Interrupt : Outcome::Throw;
}

Outcome run(BridgeFrame& frame, InstanceContext& caller) {
  const FuncCell& cell = *reinterpret_cast<const FuncCell*>(frame.ints[0]);
  runtime::Store& store = *caller.store;
  StoreState& state = *t_activation->state;
  const module::FuncType& type = store.types().get(cell.type_id).def.func;
  const uint32_t count = std::max(cell.param_slots, cell.result_slots);
  if (count > state.buffer_slots) {
    state.error = make_error(ErrorCode::implementation_limit, kNoOffset, "parameters and results of a host function");
    return Outcome::Leave;
  }
  SlotBuffer slots(store.heap(), count);
  take_arguments(store, type, frame, state.results(), slots.data());
  Status status = call(cell, caller, state, slots.data());
  if (!status) [[unlikely]] {
    state.error = std::move(status);
    return outcome_of_error(store, state);
  }
  if (store.interrupt_flag().load(std::memory_order_relaxed) != 0) [[unlikely]]
    return Outcome::Interrupt;
  put_results(cell, type, slots.data(), state.results(), frame);
  return Outcome::Return;
}

/// run(), from which nothing is thrown.
Outcome run_caught(BridgeFrame& frame, InstanceContext& caller) {
  try {
    return run(frame, caller);
  } catch (const std::bad_alloc&) {
    t_activation->state->error = std::unexpected(Error::no_memory());
    return Outcome::Leave;
  }
}

/// Of what does not return: ends the activation, or gives the exception to throw. A call: the callee may have gone on
/// in another thread (fiber.h), whose t_activation is another.
[[gnu::noinline]] runtime::GcRef leave_or_throw(Outcome outcome, runtime::Store& store, const Site& site) {
  const runtime::GcRef exn = std::exchange(store.pending_exception, runtime::kNullRef);
  if (outcome == Outcome::Throw) return exn;
  t_activation->has_error = outcome == Outcome::Leave;
  raise(outcome == Outcome::Leave ? runtime::Trap::host_trap : runtime::Trap::interrupted, site);
  return exn;
}

}  // namespace

/// From the bridge's entry, which has looked at the stack: 1 to return, 0 to throw ints[0].
extern "C" uint64_t ashlar_native_bridge_call(BridgeFrame* frame, InstanceContext* caller) {
  const Outcome outcome = run_caught(*frame, *caller);
  if (outcome == Outcome::Return) return 1;
  frame->ints[0] =
      leave_or_throw(outcome, *caller->store, {frame->return_address, reinterpret_cast<const uint8_t*>(frame + 1)});
  return 0;
}

/// From the host stub: its function failed, or the store was interrupted. Returns the exception to throw.
extern "C" uint64_t ashlar_native_host_left(InstanceContext* caller, const void* pc, const uint8_t* sp) {
  StoreState& state = *t_activation->state;
  const bool failed = std::exchange(state.words().host_failed, 0) != 0;
  return leave_or_throw(failed ? outcome_of_error(*caller->store, state) : Outcome::Interrupt, *caller->store,
                        {pc, sp});
}

void fail_host_call(runtime::Store& store, Error error) {
  StoreState& state = *static_cast<StoreState*>(store.native_state.get());
  state.error = std::unexpected(std::move(error));
  state.words().host_failed = 1;
}

runtime::Instance* host_caller(runtime::Store& store) {
  StoreState& state = *static_cast<StoreState*>(store.native_state.get());
  return (*static_cast<InstanceContext* const*>(state.words().outside))->instance;
}

}  // namespace ashlar::native
