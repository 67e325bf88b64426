// Memories, tables and globals.
#include "api/access.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

namespace {

Result<module::MemoryType> memory_type(uint64_t min, std::optional<uint64_t> max) {
  constexpr uint64_t kMaxPages = 65536;
  if (min > kMaxPages || (max && (*max > kMaxPages || *max < min))) {
    return std::unexpected(Access::error(ApiError::bad_memory_size));
  }
  module::MemoryType out;
  out.limits.min = min;
  out.limits.max = max;
  return out;
}

}  // namespace

Result<Memory> Memory::make(Store& store, uint64_t min, std::optional<uint64_t> max) try {
  StoreState* s = Access::state(store);
  const Result<module::MemoryType> type = memory_type(min, max);
  if (!type) return std::unexpected(Access::error(ApiError::bad_memory_size));
  auto made = s->store.new_memory(*type);
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return Access::memory(s, *made);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

std::span<uint8_t> Memory::bytes() const {
  runtime::Memory* m = Access::memory(*this);
  m->expose();
  return {m->base(), static_cast<size_t>(m->byte_size())};
}

uint64_t Memory::pages() const { return Access::memory(*this)->pages(); }

uint64_t Memory::page_size() const { return uint64_t{1} << Access::memory(*this)->type().page_size_log2; }
bool Memory::is_shared() const { return Access::memory(*this)->shared(); }

std::optional<SharedMemory> Memory::share() const {
  if (!is_shared()) return std::nullopt;
  runtime::Memory* memory = Access::memory(*this);
  std::shared_ptr<runtime::Memory> owner = store_->store.owner_of(*memory);
  store_->shared_memories.try_emplace(memory, memory);
  return Access::shared_memory(std::move(owner));
}

std::optional<uint64_t> Memory::grow(uint64_t delta) const {
  const int64_t before = store_->store.memory_grow(*Access::memory(*this), delta);
  if (before < 0) return std::nullopt;
  return static_cast<uint64_t>(before);
}

SharedMemory::SharedMemory(std::shared_ptr<void> memory) : memory_(std::move(memory)) {}
SharedMemory::SharedMemory(const SharedMemory&) = default;
SharedMemory::SharedMemory(SharedMemory&&) noexcept = default;
SharedMemory& SharedMemory::operator=(const SharedMemory&) = default;
SharedMemory& SharedMemory::operator=(SharedMemory&&) noexcept = default;
SharedMemory::~SharedMemory() = default;

Result<SharedMemory> SharedMemory::make(const Engine& engine, uint64_t min, uint64_t max) try {
  Result<module::MemoryType> type = memory_type(min, max);
  if (!type) return std::unexpected(std::move(type).error());
  type->limits.shared = true;
  auto made = runtime::Memory::create(*type, Access::engine(engine)->config().max_memory64_reservation);
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return SharedMemory(std::move(*made));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Memory SharedMemory::in(Store& store) const {
  StoreState* s = Access::state(store);
  return Access::memory(s, Access::in_store(*s, *this));
}

uint64_t SharedMemory::pages() const { return static_cast<const runtime::Memory*>(memory_.get())->pages(); }

Result<Table> Table::make(Store& store, ValueType type, uint64_t min, std::optional<uint64_t> max,
                          const Value& init) try {
  StoreState* s = Access::state(store);
  if (Access::foreign(s, init)) return std::unexpected(detail::foreign_ref());
  const isa::ValType element = Access::type(type);
  if (!element.is_ref() || !Access::fits(s, element, init)) {
    return std::unexpected(Access::error(ApiError::value_mismatch, init.type().to_string(), type.to_string()));
  }
  if (max && *max < min) return std::unexpected(Access::error(ApiError::bad_table_size));
  module::TableType inner;
  inner.elem = element;
  inner.limits.min = min;
  inner.limits.max = max;
  auto made = s->store.new_table(inner, Access::value(init).lo);
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return Access::table(s, *made);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

std::optional<uint64_t> Table::grow(uint64_t delta, const Value& init) const {
  runtime::Table* t = Access::table(*this);
  if (Access::foreign(store_, init) || !Access::fits(store_, t->type().elem, init)) return std::nullopt;
  const int64_t before = store_->store.table_grow(*t, delta, Access::value(init).lo);
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

Status Table::set(uint64_t index, const Value& value) const try {
  runtime::Table* t = Access::table(*this);
  if (index >= t->size()) return std::unexpected(Access::error(ApiError::beyond_table, std::to_string(t->size())));
  if (Access::foreign(store_, value)) return std::unexpected(detail::foreign_ref());
  if (!Access::fits(store_, t->type().elem, value)) {
    return std::unexpected(
        Access::error(ApiError::value_mismatch, value.type().to_string(), isa::to_string(t->type().elem)));
  }
  t->set(index, Access::value(value).lo);
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
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

Status Global::set(const Value& value) const try {
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
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

namespace detail {

Error beyond_memory() { return Access::error(internal::Error(ErrorCode::out_of_bounds_memory_access)); }

runtime::Memory* Access::in_store(StoreState& s, const SharedMemory& m) {
  auto* memory = static_cast<runtime::Memory*>(m.memory_.get());
  const auto [known, fresh] = s.shared_memories.try_emplace(memory, memory);
  if (fresh) s.store.adopt_memory(std::static_pointer_cast<runtime::Memory>(m.memory_));
  return known->second;
}

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
