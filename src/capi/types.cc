// Types of the C API.
#include "capi/types.h"

#include <algorithm>
#include <optional>

#include "ashlar.h"
#include "capi/errors.h"
#include "module/subtyping.h"

using ashlar::isa::AbsHeap;
using ashlar::isa::ValKind;
using ashlar::isa::ValType;
namespace capi = ashlar::capi;
namespace module = ashlar::module;

namespace ashlar::capi {

wasm_valkind_t kind_of(const module::TypeRegistry& types, isa::ValType type) {
  if (type.is_vec()) return ASHLAR_V128;
  if (!type.is_ref()) return static_cast<wasm_valkind_t>(type.kind());
  const isa::HeapType heap = type.heap();
  const AbsHeap abs = heap.is_abstract() ? heap.abs() : module::abs_of(types.get(heap.index()).def.kind);
  switch (module::bottom_of(abs)) {
    case AbsHeap::NoFunc:
      return WASM_FUNCREF;
    case AbsHeap::NoExtern:
      return WASM_EXTERNREF;
    case AbsHeap::NoExn:
      return ASHLAR_EXNREF;
    default:
      return ASHLAR_ANYREF;
  }
}

static_assert(static_cast<int>(ValKind::I32) == WASM_I32 && static_cast<int>(ValKind::I64) == WASM_I64 &&
              static_cast<int>(ValKind::F32) == WASM_F32 && static_cast<int>(ValKind::F64) == WASM_F64 &&
              static_cast<int>(ValKind::V128) == ASHLAR_V128);

std::optional<isa::ValType> type_of(wasm_valkind_t kind) {
  switch (kind) {
    case WASM_I32:
    case WASM_I64:
    case WASM_F32:
    case WASM_F64:
    case ASHLAR_V128:
      return ValType::num(static_cast<ValKind>(kind));
    case WASM_EXTERNREF:
      return ValType::externref();
    case WASM_FUNCREF:
      return ValType::funcref();
    case ASHLAR_ANYREF:
      return ValType::anyref();
    case ASHLAR_EXNREF:
      return ValType::exnref();
    default:
      return std::nullopt;
  }
}

wasm_valtype_t make_valtype(const module::TypeRegistry& types, isa::ValType type) {
  return {type, kind_of(types, type)};
}

std::unique_ptr<wasm_functype_t> make_functype(const module::TypeRegistry& types, const module::FuncType& type) {
  const auto fill = [&](OwnedTypes& out, const std::vector<ValType>& from) {
    make_vec(out.get(), from.size());
    for (size_t i = 0; i < from.size(); ++i) out.get()->data[i] = new wasm_valtype_t(make_valtype(types, from[i]));
  };
  OwnedTypes params;
  OwnedTypes results;
  fill(params, type.params);
  fill(results, type.results);
  return std::make_unique<wasm_functype_t>(std::move(params), std::move(results));
}

namespace {

std::unique_ptr<wasm_functype_t> module_functype(const module::TypeRegistry& types, const module::Module& m,
                                                 module::TypeIdx index) {
  module::FuncType type = m.types[index].func;
  for (ValType& param : type.params) param = module::to_canonical(m, param);
  for (ValType& result : type.results) result = module::to_canonical(m, result);
  return make_functype(types, type);
}

uint32_t clamp(uint64_t n) { return static_cast<uint32_t>(std::min<uint64_t>(n, wasm_limits_max_default)); }

wasm_limits_t to_c(const module::Limits& l) { return {clamp(l.min), l.max ? clamp(*l.max) : wasm_limits_max_default}; }

module::Limits from_c(const wasm_limits_t& l) {
  module::Limits out;
  out.min = l.min;
  if (l.max != wasm_limits_max_default) out.max = l.max;
  return out;
}

}  // namespace

std::unique_ptr<wasm_externtype_t> make_externtype(const module::TypeRegistry& types, const module::Module& m,
                                                   module::ExternKind kind, uint32_t index) {
  switch (kind) {
    case module::ExternKind::Func:
      return module_functype(types, m, m.funcs[index].type);
    case module::ExternKind::Table: {
      const module::TableType& type = m.tables[index].type;
      return std::make_unique<wasm_tabletype_t>(make_valtype(types, module::to_canonical(m, type.elem)), type.limits);
    }
    case module::ExternKind::Memory:
      return std::make_unique<wasm_memorytype_t>(m.memories[index].type);
    case module::ExternKind::Global: {
      const module::GlobalType& type = m.globals[index].type;
      return std::make_unique<wasm_globaltype_t>(make_valtype(types, module::to_canonical(m, type.type)), type.mut);
    }
    case module::ExternKind::Tag:
      return std::make_unique<wasm_tagtype_t>(*module_functype(types, m, m.tags[index].type.type));
  }
  return nullptr;
}

namespace {

template <class T>
T* copy(const T* type) try {
  return type == nullptr ? nullptr : type->clone();
} catch (const std::bad_alloc&) {
  return no_memory();
}

}  // namespace

}  // namespace ashlar::capi

module::FuncType wasm_functype_t::exact() const {
  module::FuncType out;
  for (size_t i = 0; i < params.get()->size; ++i) out.params.push_back(params.get()->data[i]->type);
  for (size_t i = 0; i < results.get()->size; ++i) out.results.push_back(results.get()->data[i]->type);
  return out;
}

wasm_tabletype_t::wasm_tabletype_t(wasm_valtype_t e, const module::Limits& l)
    : wasm_externtype_t(WASM_EXTERN_TABLE), element(e), limits(capi::to_c(l)), exact{e.type, l} {}
wasm_memorytype_t::wasm_memorytype_t(const module::MemoryType& t)
    : wasm_externtype_t(WASM_EXTERN_MEMORY), limits(capi::to_c(t.limits)), exact(t) {}

extern "C" {

void wasm_valtype_delete(wasm_valtype_t* t) { delete t; }
wasm_valtype_t* wasm_valtype_copy(const wasm_valtype_t* t) try {
  return t == nullptr ? nullptr : new wasm_valtype_t(*t);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_valtype_t* wasm_valtype_new(wasm_valkind_t kind) try {
  const std::optional<ValType> type = capi::type_of(kind);
  return type ? new wasm_valtype_t{*type, kind} : nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t* t) { return t->kind; }
void ashlar_valtype_text(const wasm_valtype_t* t, wasm_name_t* out) try {
  capi::make_message(out, ashlar::isa::to_string(t->type));
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

void wasm_importtype_delete(wasm_importtype_t* t) { delete t; }
wasm_importtype_t* wasm_importtype_copy(const wasm_importtype_t* t) try {
  return t == nullptr ? nullptr : new wasm_importtype_t(*t);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_importtype_t* wasm_importtype_new(wasm_name_t* module, wasm_name_t* name, wasm_externtype_t* type) try {
  // Taken over whatever comes of it.
  capi::OwnedName own_module(module);
  capi::OwnedName own_name(name);
  std::unique_ptr<wasm_externtype_t> own_type(type);
  return new wasm_importtype_t(std::move(own_module), std::move(own_name), std::move(own_type));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_name_t* wasm_importtype_module(const wasm_importtype_t* t) { return t->module.get(); }
const wasm_name_t* wasm_importtype_name(const wasm_importtype_t* t) { return t->name.get(); }
const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t* t) { return t->type.get(); }

void wasm_exporttype_delete(wasm_exporttype_t* t) { delete t; }
wasm_exporttype_t* wasm_exporttype_copy(const wasm_exporttype_t* t) try {
  return t == nullptr ? nullptr : new wasm_exporttype_t(*t);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_exporttype_t* wasm_exporttype_new(wasm_name_t* name, wasm_externtype_t* type) try {
  capi::OwnedName own_name(name);
  std::unique_ptr<wasm_externtype_t> own_type(type);
  return new wasm_exporttype_t(std::move(own_name), std::move(own_type));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t* t) { return t->name.get(); }
const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t* t) { return t->type.get(); }

void wasm_externtype_delete(wasm_externtype_t* t) { delete t; }
wasm_externtype_t* wasm_externtype_copy(const wasm_externtype_t* t) { return capi::copy(t); }
wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t* t) { return t->kind; }

#define TYPE(name)
#define EXTERNTYPE(name, wanted)                                                                     \
  void wasm_##name##_delete(wasm_##name##_t* t) { delete t; }                                        \
  wasm_##name##_t* wasm_##name##_copy(const wasm_##name##_t* t) { return capi::copy(t); }            \
  wasm_externtype_t* wasm_##name##_as_externtype(wasm_##name##_t* t) { return t; }                   \
  const wasm_externtype_t* wasm_##name##_as_externtype_const(const wasm_##name##_t* t) { return t; } \
  wasm_##name##_t* wasm_externtype_as_##name(wasm_externtype_t* t) {                                 \
    return t != nullptr && t->kind == wanted ? static_cast<wasm_##name##_t*>(t) : nullptr;           \
  }                                                                                                  \
  const wasm_##name##_t* wasm_externtype_as_##name##_const(const wasm_externtype_t* t) {             \
    return t != nullptr && t->kind == wanted ? static_cast<const wasm_##name##_t*>(t) : nullptr;     \
  }
#include "capi/families.def"

wasm_functype_t* wasm_functype_new(wasm_valtype_vec_t* params, wasm_valtype_vec_t* results) try {
  capi::OwnedTypes own_params(params);
  capi::OwnedTypes own_results(results);
  return new wasm_functype_t(std::move(own_params), std::move(own_results));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t* t) { return t->params.get(); }
const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t* t) { return t->results.get(); }

wasm_globaltype_t* wasm_globaltype_new(wasm_valtype_t* content, wasm_mutability_t mutability) try {
  const std::unique_ptr<wasm_valtype_t> taken(content);
  return new wasm_globaltype_t(*taken, mutability == WASM_VAR);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t* t) { return &t->content; }
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t* t) {
  return t->is_mutable ? WASM_VAR : WASM_CONST;
}

wasm_tabletype_t* wasm_tabletype_new(wasm_valtype_t* element, const wasm_limits_t* limits) try {
  const std::unique_ptr<wasm_valtype_t> taken(element);
  return new wasm_tabletype_t(*taken, capi::from_c(*limits));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t* t) { return &t->element; }
const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t* t) { return &t->limits; }

wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t* limits) try {
  module::MemoryType type;
  type.limits = capi::from_c(*limits);
  return new wasm_memorytype_t(type);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t* t) { return &t->limits; }

wasm_tagtype_t* wasm_tagtype_new(wasm_functype_t* func) try {
  const std::unique_ptr<wasm_functype_t> taken(func);
  return new wasm_tagtype_t(*taken);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
const wasm_functype_t* wasm_tagtype_functype(const wasm_tagtype_t* t) { return &t->func; }

}  // extern "C"
