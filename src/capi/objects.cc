// Globals, tables, memories and tags of the C API.
#include "capi/refs.h"
#include "capi/types.h"

namespace capi = ashlar::capi;
namespace module = ashlar::module;
namespace runtime = ashlar::runtime;
using ashlar::ErrorCode;
using ashlar::v0::ApiError;
using ashlar::v0::detail::Access;

namespace {

std::nullptr_t wrong_value(ashlar::isa::ValType wanted) {
  return capi::fail(Access::error(ApiError::value_mismatch, "another type", ashlar::isa::to_string(wanted)));
}

}  // namespace

extern "C" {

wasm_global_t* wasm_global_new(wasm_store_t* store, const wasm_globaltype_t* type, const wasm_val_t* value) try {
  capi::StoreBox& box = *store->box;
  runtime::Value init{type->content.type};
  if (!capi::to_slots(box, init.type, *value, &init.lo)) return wrong_value(init.type);
  return new wasm_global_t(store->box, box.inner().new_global({init.type, type->is_mutable}, init));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_globaltype_t* wasm_global_type(const wasm_global_t* g) try {
  const module::GlobalType& type = g->get()->type;
  return new wasm_globaltype_t(capi::make_valtype(g->store->types(), type.type), type.mut);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void wasm_global_get(const wasm_global_t* g, wasm_val_t* out) try {
  capi::from_slots(*g->store, g->get()->type.type, g->get()->value, out);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

void wasm_global_set(wasm_global_t* g, const wasm_val_t* value) try {
  const module::GlobalType& type = g->get()->type;
  runtime::Slot slot = 0;
  if (!type.mut) {
    capi::fail(Access::error(ApiError::not_mutable));
  } else if (!capi::to_slots(*g->store, type.type, *value, &slot)) {
    wrong_value(type.type);
  } else {
    g->get()->value[0] = slot;
  }
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

wasm_table_t* wasm_table_new(wasm_store_t* store, const wasm_tabletype_t* type, wasm_ref_t* init) try {
  capi::StoreBox& box = *store->box;
  if (!type->element.type.is_ref() || (type->exact.limits.max && *type->exact.limits.max < type->exact.limits.min)) {
    return capi::fail(ashlar::internal::Error(ErrorCode::argument_mismatch, ashlar::kNoOffset, "bad table type"));
  }
  runtime::Slot slot = 0;
  if (!capi::ref_to_slot(box, type->element.type, init, &slot)) return wrong_value(type->element.type);
  auto made = box.inner().new_table(type->exact, slot);
  if (!made) return capi::fail(std::move(made).error());
  return new wasm_table_t(store->box, *made);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_tabletype_t* wasm_table_type(const wasm_table_t* t) try {
  module::TableType type = t->get()->type();
  type.limits.min = t->get()->size();
  return new wasm_tabletype_t(capi::make_valtype(t->store->types(), type.elem), type.limits);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_ref_t* wasm_table_get(const wasm_table_t* t, wasm_table_size_t index) try {
  runtime::Table& table = *t->get();
  if (index >= table.size()) return capi::fail(Access::error(ApiError::beyond_table, std::to_string(table.size())));
  return capi::ref_from_slot(*t->store, table.type().elem, table.get(index));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

bool wasm_table_set(wasm_table_t* t, wasm_table_size_t index, wasm_ref_t* ref) try {
  runtime::Table& table = *t->get();
  runtime::Slot slot = 0;
  if (index >= table.size()) {
    capi::fail(Access::error(ApiError::beyond_table, std::to_string(table.size())));
    return false;
  }
  if (!capi::ref_to_slot(*t->store, table.type().elem, ref, &slot)) {
    wrong_value(table.type().elem);
    return false;
  }
  table.set(index, slot);
  return true;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_table_size_t wasm_table_size(const wasm_table_t* t) { return static_cast<wasm_table_size_t>(t->get()->size()); }

bool wasm_table_grow(wasm_table_t* t, wasm_table_size_t delta, wasm_ref_t* init) try {
  runtime::Table& table = *t->get();
  runtime::Slot slot = 0;
  if (!capi::ref_to_slot(*t->store, table.type().elem, init, &slot)) {
    wrong_value(table.type().elem);
    return false;
  }
  if (t->store->inner().table_grow(table, delta, slot) >= 0) return true;
  capi::fail(ashlar::internal::Error(ErrorCode::store_limit, ashlar::kNoOffset, "the table cannot grow so far"));
  return false;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_memory_t* wasm_memory_new(wasm_store_t* store, const wasm_memorytype_t* type) try {
  const module::Limits& limits = type->exact.limits;
  constexpr uint64_t kMaxPages = 65536;
  if (!limits.is64 &&
      (limits.min > kMaxPages || (limits.max && (*limits.max > kMaxPages || *limits.max < limits.min)))) {
    return capi::fail(Access::error(ApiError::bad_memory_size));
  }
  auto made = store->box->inner().new_memory(type->exact);
  if (!made) return capi::fail(std::move(made).error());
  return new wasm_memory_t(store->box, *made);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_memorytype_t* wasm_memory_type(const wasm_memory_t* m) try {
  module::MemoryType type = m->get()->type();
  type.limits.min = m->get()->pages();
  return new wasm_memorytype_t(type);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

byte_t* wasm_memory_data(wasm_memory_t* m) {
  return reinterpret_cast<byte_t*>(Access::memory(m->store->state(), m->get()).bytes().data());
}
size_t wasm_memory_data_size(const wasm_memory_t* m) { return m->get()->byte_size(); }
wasm_memory_pages_t wasm_memory_size(const wasm_memory_t* m) {
  return static_cast<wasm_memory_pages_t>(m->get()->pages());
}
bool wasm_memory_grow(wasm_memory_t* m, wasm_memory_pages_t delta) try {
  if (m->store->inner().memory_grow(*m->get(), delta) >= 0) return true;
  capi::fail(ashlar::internal::Error(ErrorCode::store_limit, ashlar::kNoOffset, "the memory cannot grow so far"));
  return false;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_tag_t* wasm_tag_new(wasm_store_t* store, const wasm_tagtype_t* type) try {
  if (type->func.results.get()->size != 0) {
    return capi::fail(ashlar::internal::Error(ErrorCode::argument_mismatch, ashlar::kNoOffset, "a tag has no results"));
  }
  runtime::Store& inner = store->box->inner();
  return new wasm_tag_t(store->box, inner.new_tag(inner.types().intern_func(type->func.exact())));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_tagtype_t* wasm_tag_type(const wasm_tag_t* t) try {
  const module::TypeRegistry& types = t->store->types();
  return new wasm_tagtype_t(*capi::make_functype(types, types.get(t->get()->type_id).def.func));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_externkind_t wasm_extern_kind(const wasm_extern_t* e) { return static_cast<wasm_externkind_t>(e->to.index()); }
wasm_externtype_t* wasm_extern_type(const wasm_extern_t* e) {
  switch (e->to.index()) {
    case WASM_EXTERN_FUNC:
      return wasm_func_type(wasm_extern_as_func_const(e));
    case WASM_EXTERN_GLOBAL:
      return wasm_global_type(wasm_extern_as_global_const(e));
    case WASM_EXTERN_TABLE:
      return wasm_table_type(wasm_extern_as_table_const(e));
    case WASM_EXTERN_MEMORY:
      return wasm_memory_type(wasm_extern_as_memory_const(e));
    default:
      return wasm_tag_type(wasm_extern_as_tag_const(e));
  }
}

}  // extern "C"
