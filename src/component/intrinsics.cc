// Builtins; see intrinsics.h.
#include "component/intrinsics.h"

#include "component/canon_table.h"
#include "component/host_functions.h"

namespace ashlar::component {

namespace {

bool is_set(const runtime::GlobalInstance& flag) { return static_cast<uint32_t>(flag.value[0]) != 0; }

Status trap(AdapterTrap why) { return make_error(ErrorCode::component_trap, kNoOffset, std::string(text_of(why))); }

Status check_may_leave(Instance& instance, uint32_t from) {
  if (is_set(*instance.state(from).may_leave)) return {};
  return trap(AdapterTrap::cannot_leave);
}

}  // namespace

Status Intrinsics::fail(Object&, uint32_t why) { return trap(static_cast<AdapterTrap>(why)); }

Result<uint32_t> Intrinsics::transfer_own(Object& o, uint32_t handle) {
  TRY_ASSIGN(const uint32_t rep, o.instance->states_[o.from].handles.take_own(o.resource, handle));
  return o.instance->states_[o.to].handles.add_own(o.resource, rep);
}

Result<uint32_t> Intrinsics::transfer_borrow(Object& o, uint32_t handle) {
  Instance& self = *o.instance;
  TRY_ASSIGN(const uint32_t rep, self.states_[o.from].handles.lend(o.resource, handle, self.loans_));
  // Who implements the resource gets what it stands for.
  const PlanResource& resource = self.plan().resources[o.resource];
  if (!resource.imported && resource.instance == o.to) return rep;
  return self.states_[o.to].handles.add_borrow(o.resource, rep, self.loans_);
}

Status Intrinsics::begin_call(Object& o) {
  o.instance->loans_.begin_call();
  return {};
}

Status Intrinsics::end_call(Object& o) { return o.instance->loans_.end_call(); }

Result<uint32_t> Intrinsics::resource_new(Object& o, uint32_t rep) {
  TRY(check_may_leave(*o.instance, o.from));
  return o.instance->states_[o.from].handles.add_own(o.resource, rep);
}

Result<uint32_t> Intrinsics::resource_rep(Object& o, uint32_t handle) {
  return o.instance->states_[o.from].handles.rep(o.resource, handle);
}

Status Intrinsics::resource_drop(Object& o, uint32_t handle) {
  Instance& self = *o.instance;
  TRY(check_may_leave(self, o.from));
  TRY_ASSIGN(const HandleTable::Dropped dropped, self.states_[o.from].handles.drop(o.resource, handle, self.loans_));
  return dropped.owned ? self.destroy(o.resource, dropped.rep, o.from) : Status();
}

Result<uint32_t> Intrinsics::context_get(Object& o) { return o.instance->states_[o.from].context[o.slot]; }

Status Intrinsics::context_set(Object& o, uint32_t value) {
  o.instance->states_[o.from].context[o.slot] = value;
  return {};
}

Status Intrinsics::backpressure_inc(Object& o) {
  constexpr uint32_t kMost = 1 << 16;
  if (++o.instance->states_[o.from].backpressure < kMost) return {};
  return make_error(ErrorCode::component_trap, kNoOffset, "backpressure counter overflow");
}

Status Intrinsics::backpressure_dec(Object& o) {
  if (o.instance->states_[o.from].backpressure-- > 0) return {};
  return make_error(ErrorCode::component_trap, kNoOffset, "backpressure counter underflow");
}

runtime::FuncCell* Intrinsics::make_trampoline(Instance& instance, uint32_t trampoline) {
  const PlanTrampoline& t = instance.plan().trampolines[trampoline];
  Object& o = instance.intrinsics_.emplace_back();
  o.instance = &instance;
  o.from = t.instance;
  o.resource = t.resource;
  o.slot = t.slot;
  o.trampoline = trampoline;
  const auto& [type, adapted, name] = instance.executable_->trampoline(trampoline);
  switch (t.op) {
    case CanonOp::resource_new:
      return new_function<&resource_new>(o, type, name);
    case CanonOp::resource_rep:
      return new_function<&resource_rep>(o, type, name);
    case CanonOp::resource_drop:
      return new_function<&resource_drop>(o, type, name);
    case CanonOp::context_get:
      return new_function<&context_get>(o, type, name);
    case CanonOp::context_set:
      return new_function<&context_set>(o, type, name);
    case CanonOp::backpressure_inc:
      return new_function<&backpressure_inc>(o, type, name);
    case CanonOp::backpressure_dec:
      return new_function<&backpressure_dec>(o, type, name);
    default:
      break;
  }
  runtime::HostFunc f;
  f.name = name;
  if (lowers_host(instance.plan(), t)) {
    f.call = [&o](runtime::Caller&, runtime::Slot* slots) { return call_host_function(o, slots); };
  } else {
    f.call = [&o, name = t.op == CanonOp::lower ? "asynchronous calls" : name](runtime::Caller&,
                                                                               runtime::Slot*) -> Status {
      TRY(check_may_leave(*o.instance, o.from));
      return make_error(ErrorCode::component_unsupported_call, kNoOffset, name);
    };
  }
  return instance.store_.new_host_func(type, std::move(f));
}

Result<runtime::Extern> Intrinsics::make_import(Instance& instance, const AdapterModule& adapter,
                                                const AdapterImport& import) {
  using enum FlatType;
  using Kind = AdapterImport::Kind;
  runtime::Engine& engine = *instance.executable_->engine();
  switch (import.kind) {
    case Kind::CoreFunc:
    case Kind::CoreMemory:
      return instance.find(instance.executable_->source_of(import.core));
    case Kind::MayLeave:
      return runtime::Extern::of(instance.states_[import.from].may_leave);
    case Kind::MayEnter:
      return runtime::Extern::of(instance.states_[import.from].may_enter);
    default:
      break;
  }
  Object& o = instance.intrinsics_.emplace_back();
  o.instance = &instance;
  o.from = import.from;
  o.to = import.to;
  o.resource = import.resource;
  switch (import.kind) {
    case Kind::TransferOwn:
      return runtime::Extern::of(new_function<&transfer_own>(o, intern_flat(engine, {I32}, {I32}), "own"));
    case Kind::TransferBorrow:
      return runtime::Extern::of(new_function<&transfer_borrow>(o, intern_flat(engine, {I32}, {I32}), "borrow"));
    case Kind::BeginCall:
      return runtime::Extern::of(new_function<&begin_call>(o, intern_flat(engine, {}, {}), "begin call"));
    case Kind::EndCall:
      return runtime::Extern::of(new_function<&end_call>(o, intern_flat(engine, {}, {}), "end call"));
    case Kind::String: {
      o.path = &adapter.strings[import.string];
      o.to = o.path->to;
      TRY_ASSIGN(o.source.memory, instance.find_memory(o.path->from_memory));
      TRY_ASSIGN(o.target.memory, instance.find_memory(o.path->to_memory));
      TRY_ASSIGN(o.target.realloc, instance.find_func(o.path->to_realloc));
      o.source.encoding = o.path->from_encoding;
      o.target.encoding = o.path->to_encoding;
      return runtime::Extern::of(
          new_function<&transfer_string>(o, intern_flat(engine, {I32, I32, I64}, {I64}), "string"));
    }
    default:
      return runtime::Extern::of(new_function<&fail>(o, intern_flat(engine, {I32}, {}), "trap"));
  }
}

}  // namespace ashlar::component
