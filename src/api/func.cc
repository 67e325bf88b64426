// Functions and host functions.
#include <algorithm>

// Not to be sorted above: see api/access.h.
#include "api/refs.h"
#include "api/slot_function.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

std::optional<Instance> Caller::instance() const {
  if (instance_ == nullptr) return std::nullopt;
  return Access::instance(store_, Access::instance(*this));
}

std::optional<Memory> Caller::memory() const {
  runtime::Memory* found = runtime::Caller{store_->store, Access::instance(*this)}.memory();
  if (found == nullptr) return std::nullopt;
  return Access::memory(store_, found);
}

Func Func::make(Store& store, const FuncType& type, HostFunction f, std::string name) {
  return make_slots(Access::state(store), type.params, type.results, Access::slots_of(type, std::move(f)),
                    std::move(name));
}

Func Func::make_slots(StoreState* store, std::vector<ValueType> params, std::vector<ValueType> results,
                      detail::SlotFunction f, std::string name) {
  return Access::make_func(store, std::move(params), std::move(results), std::move(f), std::move(name));
}

FuncType Func::type() const {
  if (cell_ == nullptr) return {};
  return Access::type(store_->store.types().get(Access::cell(*this)->type_id).def.func);
}

Status Func::check_type(std::span<const ValueType> params, std::span<const ValueType> results) const try {
  if (cell_ == nullptr) return std::unexpected(Access::error(ApiError::null_function));
  // Each function that is looked up comes here: no text and no list is made unless it is wrong.
  const module::FuncType& type = store_->store.types().get(Access::cell(*this)->type_id).def.func;
  const auto same = [](std::span<const ValueType> a, const std::vector<isa::ValType>& b) {
    return std::ranges::equal(a, b, {}, [](ValueType t) { return Access::type(t); });
  };
  if (same(params, type.params) && same(results, type.results)) return {};
  const FuncType wanted{{params.begin(), params.end()}, {results.begin(), results.end()}};
  const FuncType own = this->type();
  return std::unexpected(Access::error(ApiError::signature_mismatch, own.to_string(), wanted.to_string()));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<std::vector<Value>> Func::call(std::span<const Value> args) const try {
  if (cell_ == nullptr) return std::unexpected(Access::error(ApiError::null_function));
  std::vector<runtime::Value> values;
  values.reserve(args.size());
  for (const Value& arg : args) {
    if (Access::foreign(store_, arg)) return std::unexpected(Access::error(ApiError::foreign_store, "an argument"));
    values.push_back(Access::value(arg));
  }
  const std::vector<isa::ValType>& types = store_->store.types().get(Access::cell(*this)->type_id).def.func.results;
  if (auto room = store_->refs->admit(types); !room) return std::unexpected(Access::error(std::move(room).error()));
  std::vector<runtime::Value> results;
  internal::Status done = store_->store.call(Access::cell(*this), values, results);
  if (!done) {
    store_->refs->end_unreachable();
    return std::unexpected(Access::error(store_, std::move(done).error()));
  }
  std::vector<Value> out;
  out.reserve(results.size());
  for (const runtime::Value& result : results) {
    out.push_back(Access::value(store_, result.type, result.lo, result.hi));
  }
  store_->refs->end_unreachable();
  return out;
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

namespace detail {

StoreState* state_of(Store& store) { return Access::state(store); }
StoreState* state_of(const Caller& caller) { return Access::state(caller); }

Status call_slots(StoreState* store, void* cell, uint64_t* slots) try {
  const auto& f = *static_cast<const runtime::FuncCell*>(cell);
  const std::vector<isa::ValType>& results = store->store.types().get(f.type_id).def.func.results;
  if (auto room = store->refs->admit(results); !room) return std::unexpected(Access::error(std::move(room).error()));
  internal::Status done = store->store.invoke(f, slots);
  store->refs->end_unreachable();
  return Access::status(store, std::move(done));
} catch (const std::bad_alloc&) {
  return no_memory();
}

void Wire<Func>::store(uint64_t* slots, const Func& f) { *slots = runtime::from_func(Access::cell(f)); }
Func Wire<Func>::load(StoreState* store, const uint64_t* slots) {
  return Access::func(store, runtime::as_func(*slots));
}
bool Wire<Func>::belongs(StoreState* store, const Func& f) { return !f || Access::state(f) == store; }

Func Access::func(StoreState* s, runtime::FuncCell* cell) {
  Func out;
  if (cell == nullptr) return out;
  out.store_ = s;
  out.cell_ = cell;
  return out;
}

Caller Access::caller(StoreState* s, runtime::Instance* i) {
  Caller out;
  out.store_ = s;
  out.instance_ = i;
  return out;
}

Func Access::make_func(StoreState* s, std::vector<ValueType> params, std::vector<ValueType> results, SlotFunction f,
                       std::string name) {
  const uint32_t type_id = s->store.types().intern_func(type(FuncType{std::move(params), std::move(results)}));
  auto object = std::make_shared<HostObject>(HostObject{f.callable.get(), s, s->refs->unreachable(), nullptr});
  HostObject* const made = object.get();
  runtime::HostFunc host;
  host.name = std::move(name);
  host.entry = {f.native, made};
  const bool has_refs = std::ranges::any_of(s->store.types().get(type_id).def.func.params, &isa::ValType::is_ref);
  host.call = [object = std::move(object), f = std::move(f), type_id, has_refs](
                  runtime::Caller& from, runtime::Slot* slots) -> internal::Status {
    StoreState* const s = object->store;
    if (has_refs) {
      internal::Status room = s->refs->admit(s->store.types().get(type_id).def.func.params);
      if (!room) return room;
    }
    Caller caller = Access::caller(s, from.instance);
    Status done = f.call(*object, caller, slots);
    s->refs->end_unreachable();
    if (done) [[likely]]
      return {};
    return std::unexpected(to_internal(s, std::move(done).error()));
  };
  runtime::FuncCell* cell = s->store.new_host_func(type_id, std::move(host));
  made->function = cell->host;
  return func(s, cell);
}

namespace {

Value read_slots(StoreState* s, isa::ValType type, const uint64_t*& slots) {
  const uint64_t lo = *slots++;
  const uint64_t hi = type.is_vec() ? *slots++ : 0;
  const bool narrow = type == isa::ValType::i32() || type == isa::ValType::f32();
  return Access::value(s, type, narrow ? static_cast<uint32_t>(lo) : lo, hi);
}

}  // namespace

SlotFunction Access::slots_of(const FuncType& type, HostFunction f) {
  return slot_function([type, f = std::move(f)](Caller& caller, uint64_t* slots) -> Status {
    StoreState* s = state(caller);
    std::vector<Value> args;
    std::vector<Value> results;
    args.reserve(type.params.size());
    results.reserve(type.results.size());
    const uint64_t* from = slots;
    for (ValueType param : type.params) args.push_back(read_slots(s, Access::type(param), from));
    for (ValueType result : type.results) results.push_back(value(s, Access::type(result), 0, 0));
    if (Status done = f(caller, args, results); !done) return done;
    for (size_t i = 0; i < results.size(); ++i) {
      if (!fits(s, Access::type(type.results[i]), results[i])) {
        return std::unexpected(error(ApiError::bad_host_result, std::to_string(i + 1), type.results[i].to_string()));
      }
      const runtime::Value raw = value(results[i]);
      *slots++ = raw.lo;
      if (raw.type.is_vec()) *slots++ = raw.hi;
    }
    return {};
  });
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
