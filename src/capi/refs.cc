// References of the C API: copies, identity, host information, conversions.
#include "capi/refs.h"

#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>

namespace capi = ashlar::capi;
namespace runtime = ashlar::runtime;

namespace ashlar::capi {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// Null for references that hold none.
HostInfo* info_of(const wasm_ref_t& ref) {
  return std::visit(Overloaded{[&](const auto* object) { return &ref.store->infos[object]; },
                               [](const std::shared_ptr<ModuleObject>& m) { return &m->info; },
                               [](const std::shared_ptr<TrapObject>& t) { return &t->info; },
                               [](const Foreign& f) { return &f.value.external<ForeignObject>()->info; },
                               [](const HeapRef&) -> HostInfo* { return nullptr; }},
                    ref.to);
}

bool same(const wasm_ref_t* a, const wasm_ref_t* b) {
  if (a == nullptr || b == nullptr) return a == b;
  if (a->to.index() != b->to.index()) return false;
  return std::visit(Overloaded{[&](const Foreign& f) { return f.value.same_ref(std::get<Foreign>(b->to).value); },
                               [&](const HeapRef& r) { return r.value.same_ref(std::get<HeapRef>(b->to).value); },
                               [&]<class T>(const T& object) { return object == std::get<T>(b->to); }},
                    a->to);
}

wasm_ref_t* copy(const wasm_ref_t* ref) try {
  return ref == nullptr ? nullptr : new_ref(ref->store, ref->to);
} catch (const std::bad_alloc&) {
  return no_memory();
}

void* get_info(const wasm_ref_t* ref) try {
  const HostInfo* info = info_of(*ref);
  return info == nullptr ? nullptr : info->data;
} catch (const std::bad_alloc&) {
  return no_memory();
}

void set_info(const wasm_ref_t* ref, void* data, void (*finalizer)(void*)) try {
  if (HostInfo* info = info_of(*ref)) info->set(data, finalizer);
} catch (const std::bad_alloc&) {
  no_memory();
}

}  // namespace

wasm_ref_t* new_ref(StoreRef store, Referent to) {
  return std::visit(
      Overloaded{
          [&](runtime::FuncCell* x) -> wasm_ref_t* { return new wasm_func_t(std::move(store), x); },
          [&](runtime::GlobalInstance* x) -> wasm_ref_t* { return new wasm_global_t(std::move(store), x); },
          [&](runtime::Table* x) -> wasm_ref_t* { return new wasm_table_t(std::move(store), x); },
          [&](runtime::Memory* x) -> wasm_ref_t* { return new wasm_memory_t(std::move(store), x); },
          [&](runtime::TagInstance* x) -> wasm_ref_t* { return new wasm_tag_t(std::move(store), x); },
          [&](runtime::Instance* x) -> wasm_ref_t* { return new wasm_instance_t(std::move(store), x); },
          [&](const std::shared_ptr<ModuleObject>& x) -> wasm_ref_t* { return new wasm_module_t(std::move(store), x); },
          [&](const std::shared_ptr<TrapObject>& x) -> wasm_ref_t* { return new wasm_trap_t(std::move(store), x); },
          [&](Foreign& x) -> wasm_ref_t* { return new wasm_foreign_t(std::move(store), std::move(x)); },
          [&](HeapRef& x) -> wasm_ref_t* { return new wasm_ref_t(std::move(store), std::move(x)); }},
      to);
}

namespace {

/// Each for one trap at a time.
constexpr size_t kSpareTraps = 256;
struct alignas(wasm_trap_t) SpareTrap {
  std::byte bytes[sizeof(wasm_trap_t)];
};
SpareTrap g_spare_traps[kSpareTraps];
constinit std::atomic<bool> g_spare_in_use[kSpareTraps];
/// What they all refer to; made when the library is loaded.
const std::shared_ptr<TrapObject> g_no_memory = std::make_shared<TrapObject>(v0::detail::Access::no_memory());

}  // namespace

wasm_trap_t* no_memory_trap(const StoreRef& store) noexcept { return new wasm_trap_t(store, g_no_memory); }

}  // namespace ashlar::capi

void* wasm_trap_t::operator new(size_t size) {
  if (void* p = ::operator new(size, std::nothrow)) return p;
  for (size_t i = 0; i < capi::kSpareTraps; ++i) {
    if (!capi::g_spare_in_use[i].exchange(true)) return &capi::g_spare_traps[i];
  }
  throw std::bad_alloc();
}

void wasm_trap_t::operator delete(void* p) {
  const auto* const spare = static_cast<capi::SpareTrap*>(p);
  if (spare < std::begin(capi::g_spare_traps) || spare >= std::end(capi::g_spare_traps)) return ::operator delete(p);
  capi::g_spare_in_use[spare - capi::g_spare_traps] = false;
}

namespace ashlar::capi {

wasm_extern_t* new_extern(StoreRef store, const runtime::Extern& e) {
  switch (e.kind) {
    case module::ExternKind::Func:
      return new wasm_func_t(std::move(store), e.func);
    case module::ExternKind::Table:
      return new wasm_table_t(std::move(store), e.table);
    case module::ExternKind::Memory:
      return new wasm_memory_t(std::move(store), e.memory);
    case module::ExternKind::Global:
      return new wasm_global_t(std::move(store), e.global);
    case module::ExternKind::Tag:
      return new wasm_tag_t(std::move(store), e.tag);
  }
  return nullptr;
}

runtime::Extern to_runtime(const wasm_extern_t& e) {
  switch (e.to.index()) {
    case WASM_EXTERN_FUNC:
      return runtime::Extern::of(std::get<WASM_EXTERN_FUNC>(e.to));
    case WASM_EXTERN_GLOBAL:
      return runtime::Extern::of(std::get<WASM_EXTERN_GLOBAL>(e.to));
    case WASM_EXTERN_TABLE:
      return runtime::Extern::of(std::get<WASM_EXTERN_TABLE>(e.to));
    case WASM_EXTERN_MEMORY:
      return runtime::Extern::of(std::get<WASM_EXTERN_MEMORY>(e.to));
    default:
      return runtime::Extern::of(std::get<WASM_EXTERN_TAG>(e.to));
  }
}

}  // namespace ashlar::capi

namespace {
bool is_extern(const wasm_ref_t& ref) { return ref.to.index() < capi::kExternKinds; }

/// Null for a reference to something else.
template <class T, class Ref>
auto* ref_as(Ref* ref) {
  using To = std::conditional_t<std::is_const_v<Ref>, const T, T>;
  if constexpr (std::is_same_v<T, wasm_extern_t>) {
    return ref != nullptr && is_extern(*ref) ? static_cast<To*>(ref) : nullptr;
  } else {
    return dynamic_cast<To*>(ref);
  }
}
}  // namespace

extern "C" {

// The functions of every kind of reference, wasm_ref_t among them.
#define REF_BASE(name)                                                                                        \
  void wasm_##name##_delete(wasm_##name##_t* r) { delete r; }                                                 \
  wasm_##name##_t* wasm_##name##_copy(const wasm_##name##_t* r) {                                             \
    return static_cast<wasm_##name##_t*>(capi::copy(r));                                                      \
  }                                                                                                           \
  bool wasm_##name##_same(const wasm_##name##_t* a, const wasm_##name##_t* b) { return capi::same(a, b); }    \
  void* wasm_##name##_get_host_info(const wasm_##name##_t* r) { return capi::get_info(r); }                   \
  void wasm_##name##_set_host_info(wasm_##name##_t* r, void* info) { capi::set_info(r, info, nullptr); }      \
  void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t* r, void* info, void (*finalizer)(void*)) { \
    capi::set_info(r, info, finalizer);                                                                       \
  }
REF_BASE(ref)

#define REF(name)                                                                           \
  REF_BASE(name)                                                                            \
  wasm_ref_t* wasm_##name##_as_ref(wasm_##name##_t* r) { return r; }                        \
  const wasm_ref_t* wasm_##name##_as_ref_const(const wasm_##name##_t* r) { return r; }      \
  wasm_##name##_t* wasm_ref_as_##name(wasm_ref_t* r) { return ref_as<wasm_##name##_t>(r); } \
  const wasm_##name##_t* wasm_ref_as_##name##_const(const wasm_ref_t* r) { return ref_as<wasm_##name##_t>(r); }
#include "capi/families.def"

#define EXTERN(name)                                                                              \
  wasm_extern_t* wasm_##name##_as_extern(wasm_##name##_t* r) { return r; }                        \
  const wasm_extern_t* wasm_##name##_as_extern_const(const wasm_##name##_t* r) { return r; }      \
  wasm_##name##_t* wasm_extern_as_##name(wasm_extern_t* r) { return ref_as<wasm_##name##_t>(r); } \
  const wasm_##name##_t* wasm_extern_as_##name##_const(const wasm_extern_t* r) { return ref_as<wasm_##name##_t>(r); }
#include "capi/families.def"

wasm_foreign_t* wasm_foreign_new(wasm_store_t* store) try {
  auto made = ashlar::Value::external(store->box->store, capi::ForeignObject{});
  if (!made) return capi::fail(std::move(made).error());
  return new wasm_foreign_t(store->box, capi::Foreign{std::move(*made)});
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

}  // extern "C"
