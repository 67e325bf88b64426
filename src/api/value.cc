// Public types and values over internal ones.
#include <cstdio>
#include <cstring>

#include "api/access.h"
#include "module/subtyping.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;

static_assert(isa::ValType::i32().raw() == 0 && isa::ValType::i64().raw() == 1 && isa::ValType::f32().raw() == 2 &&
              isa::ValType::f64().raw() == 3 && isa::ValType::v128().raw() == 4);
static_assert(static_cast<int>(isa::ValKind::Ref) == static_cast<int>(ValueKind::Ref));

static_assert(Access::type(isa::ValType::funcref()) == ValueType::funcref());
static_assert(Access::type(isa::ValType::nullfuncref()) == ValueType::nullfuncref());
static_assert(Access::type(isa::ValType::externref()) == ValueType::externref());
static_assert(Access::type(isa::ValType::nullexternref()) == ValueType::nullexternref());
static_assert(Access::type(isa::ValType::anyref()) == ValueType::anyref());
static_assert(Access::type(isa::ValType::eqref()) == ValueType::eqref());
static_assert(Access::type(isa::ValType::i31ref()) == ValueType::i31ref());
static_assert(Access::type(isa::ValType::structref()) == ValueType::structref());
static_assert(Access::type(isa::ValType::arrayref()) == ValueType::arrayref());
static_assert(Access::type(isa::ValType::nullref()) == ValueType::nullref());
static_assert(Access::type(isa::ValType::exnref()) == ValueType::exnref());
static_assert(Access::type(isa::ValType::nullexnref()) == ValueType::nullexnref());
static_assert(Access::type(isa::ValType::anyref().as_non_null()) == ValueType::anyref().non_null());
static_assert(Access::type(isa::ValType::ref_null(isa::HeapType::concrete(7))).is_concrete());
static_assert(!ValueType::anyref().is_concrete() && ValueType::anyref().is_nullable());

std::string ValueType::to_string() const { return isa::to_string(Access::type(*this)); }
std::string FuncType::to_string() const { return module::to_string(Access::type(*this)); }

Value Value::v128(V128 v) {
  Value out(ValueType::v128(), 0);
  std::memcpy(&out.lo_, v.bytes.data(), 8);
  std::memcpy(&out.hi_, v.bytes.data() + 8, 8);
  return out;
}

Value Value::func(const Func& f) {
  return Access::value(Access::state(f), isa::ValType::funcref(), runtime::from_func(Access::cell(f)), 0);
}

V128 Value::as_v128() const {
  V128 out;
  if (kind() != ValueKind::V128) return out;
  std::memcpy(out.bytes.data(), &lo_, 8);
  std::memcpy(out.bytes.data() + 8, &hi_, 8);
  return out;
}

Func Value::as_func() const {
  // Only functions have an owner and no handle.
  if (handle_ != 0 || owner_ == nullptr || lo_ == 0) return {};
  return Access::func(static_cast<detail::StoreState*>(owner_), runtime::as_func(lo_));
}

std::optional<int32_t> Value::as_i31() const {
  if (kind() != ValueKind::Ref || handle_ != 0 || owner_ != nullptr) return std::nullopt;
  if (lo_ > ~uint32_t{0} || !runtime::is_i31(static_cast<runtime::GcRef>(lo_))) return std::nullopt;
  return static_cast<int32_t>(static_cast<uint32_t>(lo_)) >> 1;
}

bool Value::fits(detail::StoreState* store, ValueType type) const {
  return Access::fits(store, Access::type(type), *this);
}

namespace {

bool is_of(ValueType type, isa::AbsHeap bottom) {
  const isa::ValType t = Access::type(type);
  if (!t.is_ref()) return false;
  // Defined types are functions, which are in neither hierarchy, or objects.
  if (t.heap().is_concrete()) return bottom == isa::AbsHeap::None;
  return module::bottom_of(t.heap().abs()) == bottom;
}

}  // namespace

Value Value::to_any() const {
  return is_of(type_, isa::AbsHeap::NoExtern) ? Access::retyped(*this, isa::ValType::anyref()) : *this;
}
Value Value::to_extern() const {
  const bool is_function = handle_ == 0 && owner_ != nullptr;
  return is_of(type_, isa::AbsHeap::None) && !is_function ? Access::retyped(*this, isa::ValType::externref()) : *this;
}

std::string Value::to_string() const {
  char text[64];
  switch (kind()) {
    case ValueKind::I32:
      return std::to_string(as_i32());
    case ValueKind::I64:
      return std::to_string(as_i64());
    case ValueKind::F32:
      std::snprintf(text, sizeof text, "%.9g", static_cast<double>(as_f32()));
      return text;
    case ValueKind::F64:
      std::snprintf(text, sizeof text, "%.17g", as_f64());
      return text;
    case ValueKind::V128:
      std::snprintf(text, sizeof text, "0x%016llx_%016llx", static_cast<unsigned long long>(hi_),
                    static_cast<unsigned long long>(lo_));
      return text;
    case ValueKind::Ref:
      return is_null() ? "null" : type_.to_string();
  }
  return {};
}

namespace detail {

FuncType Access::type(const module::FuncType& t) {
  FuncType out;
  for (isa::ValType param : t.params) out.params.push_back(type(param));
  for (isa::ValType result : t.results) out.results.push_back(type(result));
  return out;
}

module::FuncType Access::type(const FuncType& t) {
  module::FuncType out;
  for (ValueType param : t.params) out.params.push_back(type(param));
  for (ValueType result : t.results) out.results.push_back(type(result));
  return out;
}

bool Access::fits(StoreState* s, isa::ValType t, const Value& v) {
  const isa::ValType given = type(v.type_);
  if (!t.is_ref() || !given.is_ref()) return t == given;
  if (foreign(s, v)) return false;
  const runtime::Store& store = s->store;
  const auto bottom = [&](isa::HeapType heap) {
    return module::bottom_of(heap.is_abstract() ? heap.abs()
                                                : module::abs_of(store.types().get(heap.index()).def.kind));
  };
  if (bottom(t.heap()) != bottom(given.heap())) return false;
  const uint64_t lo = value(v).lo;
  if (store.is_func_ref(t)) return store.heap().func_matches(runtime::as_func(lo), t);
  return store.heap().matches(static_cast<runtime::GcRef>(lo), t);
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
