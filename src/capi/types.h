// Types of the C API: the interface's views beside the exact types of the module model.
#pragma once

#include <memory>

#include "capi/vec.h"
#include "module/module.h"
#include "module/type_registry.h"
#include "wasm.h"

/// `type` is canonical.
struct wasm_valtype_t {
  ashlar::isa::ValType type;
  wasm_valkind_t kind;
};

struct wasm_externtype_t {
  explicit wasm_externtype_t(wasm_externkind_t k) : kind(k) {}
  virtual ~wasm_externtype_t() = default;
  virtual wasm_externtype_t* clone() const = 0;
  wasm_externkind_t kind;

 protected:
  wasm_externtype_t(const wasm_externtype_t&) = default;
};

struct wasm_functype_t final : wasm_externtype_t {
  wasm_functype_t(ashlar::capi::OwnedTypes p, ashlar::capi::OwnedTypes r)
      : wasm_externtype_t(WASM_EXTERN_FUNC), params(std::move(p)), results(std::move(r)) {}
  wasm_functype_t* clone() const override { return new wasm_functype_t(*this); }
  ashlar::module::FuncType exact() const;
  ashlar::capi::OwnedTypes params;
  ashlar::capi::OwnedTypes results;
};

struct wasm_globaltype_t final : wasm_externtype_t {
  wasm_globaltype_t(wasm_valtype_t c, bool m) : wasm_externtype_t(WASM_EXTERN_GLOBAL), content(c), is_mutable(m) {}
  wasm_globaltype_t* clone() const override { return new wasm_globaltype_t(*this); }
  wasm_valtype_t content;
  bool is_mutable;
};

struct wasm_tabletype_t final : wasm_externtype_t {
  wasm_tabletype_t(wasm_valtype_t e, const ashlar::module::Limits& l);
  wasm_tabletype_t* clone() const override { return new wasm_tabletype_t(*this); }
  wasm_valtype_t element;
  wasm_limits_t limits;
  ashlar::module::TableType exact;
};

struct wasm_memorytype_t final : wasm_externtype_t {
  explicit wasm_memorytype_t(const ashlar::module::MemoryType& t);
  wasm_memorytype_t* clone() const override { return new wasm_memorytype_t(*this); }
  wasm_limits_t limits;
  ashlar::module::MemoryType exact;
};

struct wasm_tagtype_t final : wasm_externtype_t {
  explicit wasm_tagtype_t(const wasm_functype_t& f) : wasm_externtype_t(WASM_EXTERN_TAG), func(f) {}
  wasm_tagtype_t* clone() const override { return new wasm_tagtype_t(*this); }
  wasm_functype_t func;
};

struct wasm_exporttype_t {
  wasm_exporttype_t(ashlar::capi::OwnedName n, std::unique_ptr<wasm_externtype_t> t)
      : name(std::move(n)), type(std::move(t)) {}
  wasm_exporttype_t(const wasm_exporttype_t& o) : name(o.name), type(o.type->clone()) {}
  ashlar::capi::OwnedName name;
  std::unique_ptr<wasm_externtype_t> type;
};

struct wasm_importtype_t {
  wasm_importtype_t(ashlar::capi::OwnedName m, ashlar::capi::OwnedName n, std::unique_ptr<wasm_externtype_t> t)
      : module(std::move(m)), name(std::move(n)), type(std::move(t)) {}
  wasm_importtype_t(const wasm_importtype_t& o) : module(o.module), name(o.name), type(o.type->clone()) {}
  ashlar::capi::OwnedName module;
  ashlar::capi::OwnedName name;
  std::unique_ptr<wasm_externtype_t> type;
};

namespace ashlar::capi {

/// The kind that the interface has for a canonical type.
wasm_valkind_t kind_of(const module::TypeRegistry& types, isa::ValType type);
/// The widest nullable type of a kind; nothing for other numbers.
std::optional<isa::ValType> type_of(wasm_valkind_t kind);

// Out of canonical types.
wasm_valtype_t make_valtype(const module::TypeRegistry& types, isa::ValType type);
std::unique_ptr<wasm_functype_t> make_functype(const module::TypeRegistry& types, const module::FuncType& type);
/// What a module imports or exports.
std::unique_ptr<wasm_externtype_t> make_externtype(const module::TypeRegistry& types, const module::Module& m,
                                                   module::ExternKind kind, uint32_t index);

}  // namespace ashlar::capi
