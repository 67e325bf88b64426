// The bridge's C++ side: calls from compiled code to the host and to functions that are not compiled.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

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
  Throw,     ///< the exception is in ints[0]
  Return,    ///< the result is in ints[0] or floats[0]
  Leave,     ///< the activation's error says why
  Interrupt  ///< the store was interrupted meanwhile
};

/// Alarms find out whether they interrupt compiled code and its helpers, or this.
class Outside {
 public:
  explicit Outside(Activation& a) : a_(a) { set(true); }
  ~Outside() { set(false); }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

 private:
  void set(bool outside) {
    a_.outside.store(outside, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  Activation& a_;
};

Status call(const FuncCell& cell, InstanceContext& caller, Activation& a, Slot* slots) {
  runtime::Store& store = *caller.store;
  const Outside outside(a);
  return cell.host != nullptr ? store.call_host(cell, caller.instance, slots)
                              : store.engine().tier().invoke(store, cell, slots);
}

Outcome run(BridgeFrame& frame, InstanceContext& caller) {
  const FuncCell& cell = *reinterpret_cast<const FuncCell*>(frame.ints[0]);
  runtime::Store& store = *caller.store;
  Activation& a = *t_activation;
  const module::FuncType& type = store.types().get(cell.type_id).def.func;
  const uint32_t count = std::max(cell.param_slots, cell.result_slots);
  if (count > a.state->buffer_slots) {
    a.error = make_error(ErrorCode::implementation_limit, kNoOffset, "parameters and results of a host function");
    return Outcome::Leave;
  }
  SlotBuffer slots(store.heap(), count);
  take_arguments(store, type, frame, a.state->results(), slots.data());
  Status status = call(cell, caller, a, slots.data());
  const bool interrupted = store.interrupt_flag().load(std::memory_order_relaxed) != 0;
  if (status) [[likely]] {
    if (interrupted) [[unlikely]]
      return Outcome::Interrupt;
    put_results(cell, type, slots.data(), a.state->results(), frame);
    return Outcome::Return;
  }
  const bool is_exception = status.error().code() == ErrorCode::uncaught_exception;
  a.error = std::move(status);
  if (!is_exception || store.pending_exception == runtime::kNullRef) return Outcome::Leave;
  frame.ints[0] = store.pending_exception;
  store.pending_exception = runtime::kNullRef;
  return interrupted ? Outcome::Interrupt : Outcome::Throw;
}

}  // namespace

/// From the bridge's entry, which has looked at the stack: 1 to return, 0 to throw.
extern "C" uint64_t ashlar_native_bridge_call(BridgeFrame* frame, InstanceContext* caller) {
  const Outcome outcome = run(*frame, *caller);
  if (outcome == Outcome::Leave || outcome == Outcome::Interrupt) {
    t_activation->has_error = outcome == Outcome::Leave;
    const auto trap = outcome == Outcome::Leave ? runtime::Trap::host_trap : runtime::Trap::interrupted;
    raise(trap, {frame->return_address, reinterpret_cast<const uint8_t*>(frame + 1)});
  }
  return outcome == Outcome::Return ? 1 : 0;
}

}  // namespace ashlar::native
