// Handles of Values and the ends of host objects.
#include "api/refs.h"

#include <algorithm>

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::External;
using detail::RefTable;

namespace detail {

namespace {
/// Host objects bring about a collection when so many bytes of them are new, or as many as the last one kept.
constexpr uint64_t kMostNewBytes = 32 << 20;
}  // namespace

RefTable::RefTable(StoreState& state) : state_(&state) {
  heap().set_finalizer([this](uint64_t value) {
    auto* object = reinterpret_cast<External*>(value);
    bytes_ -= object->bytes;
    discharge(object->bytes);
    object->next = std::exchange(unreachable_, object);
  });
}

void RefTable::close() {
  runtime::GcHeap& objects = heap();
  objects.finalize_all();
  state_ = nullptr;
  end_all();
  if (--users_ == 0) delete this;
}

runtime::GcRef RefTable::make(std::unique_ptr<External> object) {
  new_bytes_ += object->bytes;
  if (new_bytes_ > std::max(kMostNewBytes, kept_bytes_)) {
    heap().collect();
    kept_bytes_ = bytes_;
    new_bytes_ = object->bytes;
  }
  if (!charge(object->bytes)) {
    heap().collect();
    if (!charge(object->bytes)) return runtime::kNullRef;
  }
  const runtime::GcRef r = heap().alloc_host(reinterpret_cast<uint64_t>(object.get()), true);
  if (r == runtime::kNullRef) {
    discharge(object->bytes);
    return r;
  }
  bytes_ += object.release()->bytes;
  return r;
}

bool RefTable::charge(uint64_t bytes) {
  runtime::Account& account = state_->store.account();
  if (!account.take(runtime::Resource::HostObjects, 1)) return false;
  if (account.take(runtime::Resource::HostBytes, bytes)) return true;
  account.give_back(runtime::Resource::HostObjects, 1);
  return false;
}

void RefTable::discharge(uint64_t bytes) {
  runtime::Account& account = state_->store.account();
  account.give_back(runtime::Resource::HostBytes, bytes);
  account.give_back(runtime::Resource::HostObjects, 1);
}

internal::Status RefTable::admit_of_tenant(std::span<const isa::ValType> types) const {
  const bool any =
      std::ranges::any_of(types, [&](isa::ValType t) { return t.is_ref() && !state_->store.is_func_ref(t); });
  if (!any || account().left(runtime::Resource::References) != 0) return {};
  return std::unexpected(internal::Error(ErrorCode::store_limit, kNoOffset, "no reference is left to the tenant"));
}

External* RefTable::find(runtime::GcRef r) const {
  if (state_ == nullptr || r == runtime::kNullRef || !heap().is_owned_host(r)) return nullptr;
  return reinterpret_cast<External*>(heap().host_value(r));
}

/// One by one: destructors may come back here.
void RefTable::end_all() {
  while (unreachable_ != nullptr) {
    const std::unique_ptr<External> object(unreachable_);
    unreachable_ = object->next;
  }
}

namespace {
RefTable* refs_of(void* owner) { return static_cast<RefTable*>(owner); }
}  // namespace

Value Access::value(StoreState* s, isa::ValType t, uint64_t lo, uint64_t hi) {
  Value out(type(t), lo);
  out.hi_ = hi;
  if (!t.is_ref() || lo == 0) return out;
  if (s->store.is_func_ref(t)) {
    out.owner_ = s;
    return out;
  }
  // Slots leave the high half unspecified.
  const auto r = static_cast<runtime::GcRef>(lo);
  out.lo_ = runtime::is_i31(r) ? r : 0;
  if (r == runtime::kNullRef || runtime::is_i31(r)) return out;
  out.owner_ = s->refs;
  out.handle_ = s->refs->add(r);
  return out;
}

runtime::Value Access::value(const Value& v) {
  return {type(v.type_), v.handle_ == 0 ? v.lo_ : refs_of(v.owner_)->get(v.handle_), v.hi_};
}

StoreState* store_of(const Value& ref) { return Access::store_of_ref(ref); }

StoreState* Access::store_of_ref(const Value& v) { return v.handle_ == 0 ? nullptr : refs_of(v.owner_)->state(); }

bool Access::foreign(const StoreState* s, const Value& v) {
  if (v.handle_ != 0) return refs_of(v.owner_)->state() != s;
  return v.owner_ != nullptr && v.lo_ != 0 && v.owner_ != s;
}

void Wire<Externref>::store(uint64_t* slots, const Externref& r) { *slots = Access::value(r.value()).lo; }
Externref Wire<Externref>::load(StoreState* store, const uint64_t* slots) {
  return Externref(Access::value(store, isa::ValType::externref(), static_cast<uint32_t>(*slots), 0));
}
bool Wire<Externref>::belongs(StoreState* store, const Externref& r) { return !Access::foreign(store, r.value()); }

}  // namespace detail

void Value::copy_handle() { handle_ = detail::refs_of(owner_)->add(detail::refs_of(owner_)->get(handle_)); }
void Value::drop_handle() { detail::refs_of(owner_)->drop(handle_); }
bool Value::is_dead() const { return detail::refs_of(owner_)->state() == nullptr; }

bool Value::same_ref(const Value& other) const {
  if (kind() != ValueKind::Ref || other.kind() != ValueKind::Ref) return false;
  const uint64_t own = Access::value(*this).lo;
  return own == Access::value(other).lo && (own == 0 || owner_ == other.owner_);
}

External* Value::find_external() const {
  const RefTable& refs = *detail::refs_of(owner_);
  return refs.find(refs.get(handle_));
}

Result<Value> Value::make_external(detail::StoreState* store, std::unique_ptr<External> object) try {
  constexpr isa::ValType kExtern[] = {isa::ValType::externref()};
  if (auto room = store->refs->admit(kExtern); !room) return std::unexpected(Access::error(std::move(room).error()));
  const runtime::GcRef r = store->refs->make(std::move(object));
  if (r == runtime::kNullRef) return std::unexpected(Access::error(internal::Error(ErrorCode::gc_heap_exhausted)));
  Value out = Access::value(store, isa::ValType::externref(), r, 0);
  store->refs->end_unreachable();
  return out;
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

}  // namespace v0
}  // namespace ashlar
