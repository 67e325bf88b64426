// Memories, tables and globals.
#include "api/access.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

Result<Memory> Memory::make(Store& store, uint64_t min, std::optional<uint64_t> max) {
  module::MemoryType type;
  type.limits.min = min;
  type.limits.max = max;
  StoreState* s = Access::state(store);
  constexpr uint64_t kMaxPages = 65536;
  if (min > kMaxPages || (max && (*max > kMaxPages || *max < min))) {
    return std::unexpected(Access::error(ApiError::bad_memory_size));
  }
  auto made = s->store.new_memory(type);
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return Access::memory(s, *made);
}

std::span<uint8_t> Memory::bytes() const {
  runtime::Memory* m = Access::memory(*this);
  m->expose();
  return {m->base(), static_cast<size_t>(m->byte_size())};
}

uint64_t Memory::pages() const { return Access::memory(*this)->pages(); }

std::optional<uint64_t> Memory::grow(uint64_t delta) const {
  const int64_t before = store_->store.memory_grow(*Access::memory(*this), delta);
  if (before < 0) return std::nullopt;
  return static_cast<uint64_t>(before);
}

uint64_t Table::size() const { return Access::table(*this)->size(); }
ValueType Table::element_type() const { return Access::type(Access::table(*this)->type().elem); }

std::optional<Value> Table::get(uint64_t index) const {
  runtime::Table* t = Access::table(*this);
  if (index >= t->size()) return std::nullopt;
  return Access::value(store_, t->type().elem, t->get(index), 0);
}

Status Table::set(uint64_t index, const Value& value) const {
  runtime::Table* t = Access::table(*this);
  if (index >= t->size()) return std::unexpected(Access::error(ApiError::beyond_table, std::to_string(t->size())));
  if (Access::foreign(store_, value)) return std::unexpected(detail::foreign_ref());
  if (!Access::fits(store_, t->type().elem, value)) {
    return std::unexpected(
        Access::error(ApiError::value_mismatch, value.type().to_string(), isa::to_string(t->type().elem)));
  }
  t->set(index, Access::value(value).lo);
  return {};
}

Global Global::make(Store& store, const Value& value, bool is_mutable) {
  StoreState* s = Access::state(store);
  // A reference of another store can't be told from one of this: the embedder's mistake.
  CHECK(!Access::foreign(s, value));
  const runtime::Value init = Access::value(value);
  return Access::global(s, s->store.new_global({init.type, is_mutable}, init));
}

ValueType Global::type() const { return Access::type(Access::global(*this)->type.type); }
bool Global::is_mutable() const { return Access::global(*this)->type.mut; }

Value Global::get() const {
  const runtime::GlobalInstance* g = Access::global(*this);
  const isa::ValType type = g->type.type;
  const bool narrow = type == isa::ValType::i32() || type == isa::ValType::f32();
  return Access::value(store_, type, narrow ? static_cast<uint32_t>(g->value[0]) : g->value[0],
                       type.is_vec() ? g->value[1] : 0);
}

Status Global::set(const Value& value) const {
  runtime::GlobalInstance* g = Access::global(*this);
  if (!g->type.mut) return std::unexpected(Access::error(ApiError::not_mutable));
  if (Access::foreign(store_, value)) return std::unexpected(detail::foreign_ref());
  if (!Access::fits(store_, g->type.type, value)) {
    return std::unexpected(
        Access::error(ApiError::value_mismatch, value.type().to_string(), isa::to_string(g->type.type)));
  }
  const runtime::Value raw = Access::value(value);
  g->value[0] = raw.lo;
  g->value[1] = raw.hi;
  return {};
}

namespace detail {

Memory Access::memory(StoreState* s, runtime::Memory* m) {
  Memory out;
  out.store_ = s;
  out.memory_ = m;
  return out;
}

Table Access::table(StoreState* s, runtime::Table* t) {
  Table out;
  out.store_ = s;
  out.table_ = t;
  return out;
}

Global Access::global(StoreState* s, runtime::GlobalInstance* g) {
  Global out;
  out.store_ = s;
  out.global_ = g;
  return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
