// Calls between the host and components: values lifted and lowered by their types at run time.
#include <algorithm>
#include <array>

#include "component/call_context.h"
#include "component/canon_checks.h"
#include "component/guest.h"
#include "component/intrinsics.h"

namespace ashlar::component {

namespace {

bool lends(const FuncType& type) {
  return std::ranges::any_of(type.params, [](const Member& m) { return m.type->has_borrow; });
}

/// Around a call that may lend handles.
class Loan {
 public:
  Loan(LoanStack& loans, const FuncType& type) : loans_(loans), depth_(loans.depth()), lends_(lends(type)) {
    if (lends_) loans_.begin_call();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() { loans_.cut(depth_); }
  Status end() { return lends_ ? loans_.end_call() : Status(); }

 private:
  LoanStack& loans_;
  size_t depth_;
  bool lends_;
};

std::vector<Member> result_members(const FuncType& type) {
  std::vector<Member> out;
  if (type.result != nullptr) out.push_back({{}, type.result});
  return out;
}

/// While it lives the instance may not be left.
class Held {
 public:
  explicit Held(runtime::GlobalInstance& may_leave) : may_leave_(may_leave) { may_leave_.value[0] = 0; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { may_leave_.value[0] = 1; }

 private:
  runtime::GlobalInstance& may_leave_;
};

}  // namespace

// ---- what lifting and lowering need

MemoryView InstanceMemory::view() {
  if (options_.memory == nullptr) return {};
  return {options_.memory->base(), options_.memory->byte_size()};
}

Result<uint64_t> InstanceMemory::realloc(uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size) {
  if (options_.realloc == nullptr) {
    return make_error(ErrorCode::component_trap, kNoOffset, "the guest has no realloc for what it is given");
  }
  const Held held(*instance_.state(component_instance_).may_leave);
  runtime::Slot slots[4] = {old, old_size, align, new_size};
  TRY(instance_.invoke(*options_.realloc, slots));
  return static_cast<uint32_t>(slots[0]);
}

Result<uint64_t> InstanceHandles::lift(const ValType& type, uint32_t index) {
  HandleTable& handles = instance_.state(component_instance_).handles;
  if (type.kind == TypeKind::Own) return handles.take_own(type.resource, index);
  if (type.kind == TypeKind::Borrow) return handles.lend(type.resource, index, instance_.loans());
  return make_error(ErrorCode::component_trap, kNoOffset, std::string(text_of(AdapterTrap::unsupported)));
}

Result<uint32_t> InstanceHandles::lower(const ValType& type, uint64_t token) {
  const auto rep = static_cast<uint32_t>(token);
  HandleTable& handles = instance_.state(component_instance_).handles;
  if (type.kind == TypeKind::Own) return handles.add_own(type.resource, rep);
  if (type.kind == TypeKind::Borrow) {
    const PlanResource& resource = instance_.plan().resources[type.resource];
    if (!resource.imported && resource.instance == component_instance_) return rep;
    return handles.add_borrow(type.resource, rep, instance_.loans());
  }
  return make_error(ErrorCode::component_trap, kNoOffset, std::string(text_of(AdapterTrap::unsupported)));
}

std::string_view CallContext::view_string(uint32_t pointer, uint32_t length, std::string& storage) {
  if (failed()) return {};
  const LiftContext cx{.options = {.encoding = options_.encoding}, .memory = {base_, size_}};
  Result<StringView> found = find_string(cx, pointer, length);
  if (!found) {
    fail(std::move(found).error());
    return {};
  }
  if (found->encoding == CodeUnits::Utf8) return {reinterpret_cast<const char*>(found->data), found->units};
  constexpr size_t kMostBytesAUnit = 3;
  storage.resize(found->units * kMostBytesAUnit);
  const Transcoded done = to_utf8(*found, 0, {reinterpret_cast<uint8_t*>(storage.data()), storage.size()});
  storage.resize(done.written);
  return storage;
}

std::string CallContext::load_string(uint32_t pointer, uint32_t length) {
  std::string storage;
  const std::string_view found = view_string(pointer, length, storage);
  return found.data() == storage.data() ? std::move(storage) : std::string(found);
}

std::span<const uint8_t> CallContext::view_list(uint32_t pointer, uint32_t length, const ValType& element) {
  if (failed()) return {};
  if (Status in = check_list({base_, size_}, pointer, length, element.layout32); !in) {
    fail(std::move(in).error());
    return {};
  }
  return {base_ + pointer, size_t{length} * element.layout32.size};
}

std::pair<uint32_t, uint32_t> CallContext::store_string(std::string_view utf8, bool checked) {
  if (failed()) return {};
  InstanceMemory memory(instance_, component_instance_, options_);
  LowerContext cx{.options = {.encoding = options_.encoding}, .memory = &memory};
  const StringView view{CodeUnits::Utf8, reinterpret_cast<const uint8_t*>(utf8.data()), utf8.size()};
  Result<Lowered> done = checked || well_formed(view) ? lower_string(cx, view)
                                                      : make_error(ErrorCode::component_trap, kNoOffset,
                                                                   "the host gave a string that is not UTF-8");
  refresh();
  if (!done) {
    fail(std::move(done).error());
    return {};
  }
  return {static_cast<uint32_t>(done->address), static_cast<uint32_t>(done->length)};
}

Result<uint64_t> Intrinsics::transfer_string(Object& o, uint32_t pointer, uint32_t length, uint64_t room) {
  const LiftContext from{.options = {.encoding = o.source.encoding},
                         .memory = {o.source.memory->base(), o.source.memory->byte_size()}};
  TRY_ASSIGN(const StringView view, locate_string(from, pointer, length));
  // Where the adapter has asked for memory already, transcoding checks the units itself; a mere copy is there already.
  const bool asked = room != kNoRoom, copied = asked && o.source.encoding == o.target.encoding;
  if (!asked || copied) TRY(check_string(view));
  if (copied) return room | uint64_t{length} << 32;
  InstanceMemory memory(*o.instance, o.to, o.target);
  LowerContext to{.options = {.encoding = o.target.encoding}, .memory = &memory};
  if (asked) to.room = room;
  TRY_ASSIGN(const Lowered done, lower_string(to, view, o.source.encoding == StringEncoding::Latin1Utf16));
  return done.address | done.length << 32;
}

// ---- guest to host

namespace {

Status call_dynamic(Instance& instance, const HostFunction& f, const FuncType& type, const PlanTrampoline& t,
                    Guest& guest, runtime::Slot* slots) {
  LiftContext lift = guest.lift();
  TRY_ASSIGN(std::vector<Val> args,
             lift_values(lift, type.params, std::span<const uint64_t>(slots, t.params.size()), kMaxFlatParams));
  Val result;
  HostCall call{instance, type, args, type.result != nullptr ? &result : nullptr};
  const uint64_t out_pointer = t.params.empty() ? 0 : slots[t.params.size() - 1];
  TRY(f.dynamic(call));
  if (type.result == nullptr) return {};
  LowerContext lower = guest.lower();
  std::vector<uint64_t> flat;
  TRY(lower_values(lower, std::span(&result, 1), result_members(type), kMaxFlatResults, flat, &out_pointer));
  if (!t.results.empty()) slots[0] = flat[0];
  return {};
}

}  // namespace

Status call_host_function(Instance::Intrinsic& o, runtime::Slot* slots) {
  Instance& instance = *o.instance;
  if (static_cast<uint32_t>(instance.state(o.from).may_leave->value[0]) == 0) {
    return make_error(ErrorCode::component_trap, kNoOffset, std::string(text_of(AdapterTrap::cannot_leave)));
  }
  const PlanTrampoline& t = instance.plan().trampolines[o.trampoline];
  const PlanFunc& func = instance.plan().funcs[t.func];
  TRY_ASSIGN(const BoundOptions* options, instance.trampoline_options(o.trampoline));
  const HostFunction& f = instance.host_function(func.import);
  Loan loan(instance.loans(), func.type);
  if (f.typed) {
    CallContext cx(instance, o.from, *options);
    TRY(f.typed(cx, func.type, slots));
  } else {
    Guest guest(instance, o.from, *options);
    TRY(call_dynamic(instance, f, func.type, t, guest, slots));
  }
  return loan.end();
}

// ---- host to guest

Result<std::optional<Val>> Instance::run(uint32_t func, std::span<const Val> args) {
  const PlanFunc& f = plan().funcs[func];
  TRY_ASSIGN(const BoundOptions* options, func_options(func));
  TRY_ASSIGN(const runtime::FuncCell* core, func_cell(func));
  Guest guest(*this, f.instance, *options);
  LowerContext lower = guest.lower();
  std::vector<uint64_t> flat;
  TRY(lower_values(lower, args, f.type.params, kMaxFlatParams, flat));
  flat.resize(std::max<size_t>({flat.size(), core->param_slots, core->result_slots, 1}));
  TRY(invoke(*core, flat.data()));
  std::optional<Val> result;
  if (f.type.result != nullptr) {
    LiftContext lift = guest.lift();
    const std::span<const uint64_t> results(flat.data(), core->result_slots);
    TRY_ASSIGN(std::vector<Val> lifted, lift_values(lift, result_members(f.type), results, kMaxFlatResults));
    result = std::move(lifted[0]);
  }
  if (options->post_return != nullptr) {
    const Held held(*states_[f.instance].may_leave);
    TRY(invoke(*options->post_return, flat.data()));
  }
  return result;
}

Status Instance::check_callable(uint32_t func) const {
  const PlanFunc& f = plan().funcs[func];
  if (f.imported) return make_error(ErrorCode::component_unsupported, kNoOffset, "calling what the host itself gave");
  if (f.options.async) return make_error(ErrorCode::component_unsupported, kNoOffset, "asynchronous functions");
  return {};
}

Status Instance::call_flat(uint32_t func, std::span<runtime::Slot> slots) {
  const PlanFunc& f = plan().funcs[func];
  TRY(check_callable(func));
  TRY(enter(f.instance, module::kNoIndex));
  TRY_ASSIGN(const BoundOptions* options, func_options(func));
  TRY_ASSIGN(const runtime::FuncCell* core, func_cell(func));
  CHECK(slots.size() >= std::max(core->param_slots, core->result_slots));
  TRY(invoke(*core, slots.data()));
  if (options->post_return != nullptr) {
    const Held held(*states_[f.instance].may_leave);
    runtime::Slot result = slots[0];
    TRY(invoke(*options->post_return, &result));
  }
  leave(f.instance, module::kNoIndex);
  return {};
}

Status Instance::call_typed(uint32_t func, TypedCall& call, bool* begun) {
  const PlanFunc& f = plan().funcs[func];
  TRY(check_callable(func));
  TRY(enter(f.instance, module::kNoIndex));
  *begun = true;
  TRY_ASSIGN(const BoundOptions* options, func_options(func));
  TRY_ASSIGN(const runtime::FuncCell* core, func_cell(func));
  CallContext cx(*this, f.instance, *options);
  std::array<runtime::Slot, kMaxFlatParams> slots{};
  CHECK(core->param_slots <= kMaxFlatParams && core->result_slots <= kMaxFlatResults);
  call.lower(cx, f.type, slots.data());
  if (cx.failed()) return cx.take_status();
  TRY(invoke(*core, slots.data()));
  // The guest may have grown its memory.
  CallContext after(*this, f.instance, *options);
  call.lift(after, f.type, slots[0]);
  if (after.failed()) return after.take_status();
  if (options->post_return != nullptr) {
    const Held held(*states_[f.instance].may_leave);
    TRY(invoke(*options->post_return, slots.data()));
  }
  leave(f.instance, module::kNoIndex);
  return {};
}

Result<std::optional<Val>> Instance::call(uint32_t func, std::span<const Val> args, bool* begun) {
  const PlanFunc& f = plan().funcs[func];
  TRY(check_callable(func));
  if (args.size() != f.type.params.size()) {
    return make_error(ErrorCode::argument_mismatch, kNoOffset,
                      std::to_string(f.type.params.size()) + " expected, " + std::to_string(args.size()) + " given");
  }
  // Before anything happens: a mistake of the host's leaves the instance as it was.
  for (size_t i = 0; i < args.size(); ++i) TRY(check_value(*f.type.params[i].type, args[i]));
  TRY(enter(f.instance, module::kNoIndex));
  if (begun != nullptr) *begun = true;
  Loan loan(loans_, f.type);
  TRY_ASSIGN(std::optional<Val> result, run(func, args));
  TRY(loan.end());
  leave(f.instance, module::kNoIndex);
  return result;
}

}  // namespace ashlar::component
