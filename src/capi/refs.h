// Stores and references of the C API: what a reference refers to, and the host information of that.
//
//   wasm_store_t ──┐
//   wasm_func_t ───┼─ shared ─► StoreBox ── owns ──► v0::Store, with all that is in it
//   wasm_trap_t ───┘               └── host information by object
//
// A reference is its store and a Referent. What lies inside a store (a reference that was passed to a guest as an
// externref) is a Referent alone, so that no store keeps itself alive.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "api/refs.h"
#include "capi/errors.h"
#include "wasm.h"

namespace ashlar::capi {

/// What an embedder hangs on an object; the finalizer runs at its end.
class HostInfo {
 public:
  HostInfo() = default;
  HostInfo(HostInfo&& o) noexcept : data(std::exchange(o.data, nullptr)), finalizer_(std::exchange(o.finalizer_, {})) {}
  HostInfo& operator=(HostInfo&&) = delete;
  ~HostInfo() { finish(); }
  void set(void* info, void (*finalizer)(void*)) {
    finish();
    data = info;
    finalizer_ = finalizer;
  }
  void* data = nullptr;

 private:
  void finish() {
    if (auto* f = std::exchange(finalizer_, nullptr)) f(data);
  }
  void (*finalizer_)(void*) = nullptr;
};

struct ModuleObject {
  v0::Module module;
  HostInfo info;
};

struct TrapObject {
  explicit TrapObject(v0::Error e) : error(std::move(e)) {}
  ashlar_error_t error;
  HostInfo info;
};

/// Behind the externref of a wasm_foreign_t.
struct [[gnu::visibility("hidden")]] ForeignObject {
  HostInfo info;
};

/// An externref to a ForeignObject.
struct Foreign {
  v0::Value value;
};
/// Any other reference into the heap of a store.
struct HeapRef {
  v0::Value value;
};

/// The first ones in the order of wasm_externkind_t.
using Referent =
    std::variant<runtime::FuncCell*, runtime::GlobalInstance*, runtime::Table*, runtime::Memory*, runtime::TagInstance*,
                 runtime::Instance*, std::shared_ptr<ModuleObject>, std::shared_ptr<TrapObject>, Foreign, HeapRef>;
inline constexpr size_t kExternKinds = 5;

/// Behind the externref that a guest gets for any other wasm_ref_t.
struct [[gnu::visibility("hidden")]] Boxed {
  Referent to;
};

struct StoreBox : std::enable_shared_from_this<StoreBox> {
  StoreBox(const v0::Engine& e, const v0::StoreLimits& limits) : engine(e), store(e, limits) {}
  StoreBox(const v0::Engine& e, const v0::Tenant& t, const v0::StoreLimits& limits) : engine(e), store(e, t, limits) {}
  v0::detail::StoreState* state() const { return v0::detail::Access::state(store); }
  runtime::Store& inner() const { return state()->store; }
  const module::TypeRegistry& types() const { return inner().types(); }

  v0::Engine engine;
  /// By address: objects of the store stay where they are while it lives.
  std::unordered_map<const void*, HostInfo> infos;
  v0::Store store;
  /// What a callback returned and no call has given out yet: the same object comes out.
  std::shared_ptr<TrapObject> pending;
};
using StoreRef = std::shared_ptr<StoreBox>;

}  // namespace ashlar::capi

struct wasm_engine_t {
  ashlar::v0::Engine engine;
};

struct wasm_store_t {
  ashlar::capi::StoreRef box;
};

struct wasm_ref_t {
  wasm_ref_t(ashlar::capi::StoreRef s, ashlar::capi::Referent t) : store(std::move(s)), to(std::move(t)) {}
  virtual ~wasm_ref_t() = default;
  ashlar::capi::StoreRef store;
  ashlar::capi::Referent to;  ///< its alternative is what the class says
};

struct wasm_extern_t : wasm_ref_t {
  using wasm_ref_t::wasm_ref_t;
};

namespace ashlar::capi {

/// A reference whose referent is a T.
template <class Base, class T>
struct RefOf : Base {
  RefOf(StoreRef s, T t) : Base(std::move(s), Referent(std::move(t))) {}
  const T& get() const { return std::get<T>(this->to); }
};

}  // namespace ashlar::capi

struct wasm_func_t final : ashlar::capi::RefOf<wasm_extern_t, ashlar::runtime::FuncCell*> {
  using RefOf::RefOf;
};
struct wasm_global_t final : ashlar::capi::RefOf<wasm_extern_t, ashlar::runtime::GlobalInstance*> {
  using RefOf::RefOf;
};
struct wasm_table_t final : ashlar::capi::RefOf<wasm_extern_t, ashlar::runtime::Table*> {
  using RefOf::RefOf;
};
struct wasm_memory_t final : ashlar::capi::RefOf<wasm_extern_t, ashlar::runtime::Memory*> {
  using RefOf::RefOf;
};
struct wasm_tag_t final : ashlar::capi::RefOf<wasm_extern_t, ashlar::runtime::TagInstance*> {
  using RefOf::RefOf;
};
struct wasm_instance_t final : ashlar::capi::RefOf<wasm_ref_t, ashlar::runtime::Instance*> {
  using RefOf::RefOf;
};
struct wasm_module_t final : ashlar::capi::RefOf<wasm_ref_t, std::shared_ptr<ashlar::capi::ModuleObject>> {
  using RefOf::RefOf;
};
struct wasm_trap_t final : ashlar::capi::RefOf<wasm_ref_t, std::shared_ptr<ashlar::capi::TrapObject>> {
  using RefOf::RefOf;
  /// There are some spare ones: a call that fails for want of memory must say so.
  static void* operator new(size_t size);
  static void operator delete(void* p);
};
struct wasm_foreign_t final : ashlar::capi::RefOf<wasm_ref_t, ashlar::capi::Foreign> {
  using RefOf::RefOf;
};

namespace ashlar::capi {

/// A reference of the class that goes with the referent.
wasm_ref_t* new_ref(StoreRef store, Referent to);
wasm_extern_t* new_extern(StoreRef store, const runtime::Extern& e);
runtime::Extern to_runtime(const wasm_extern_t& e);

// Between wasm_val_t and slots, for a canonical type.

/// False when the value is not of that type, or of another store. The reference in it remains its owner's.
bool to_slots(StoreBox& box, isa::ValType type, const wasm_val_t& value, runtime::Slot* out);
bool ref_to_slot(StoreBox& box, isa::ValType type, const wasm_ref_t* ref, runtime::Slot* out);
/// What it gives belongs to the caller. A vector gives zero.
void from_slots(StoreBox& box, isa::ValType type, const runtime::Slot* slots, wasm_val_t* out);
wasm_ref_t* ref_from_slot(StoreBox& box, isa::ValType type, runtime::Slot slot);
/// Zero or null.
wasm_val_t default_of(const module::TypeRegistry& types, isa::ValType type);

/// The trap of what caught std::bad_alloc. Ends the process when 256 of these are held at once.
wasm_trap_t* no_memory_trap(const StoreRef& store) noexcept;
/// A trap with the error's message; the object that a callback returned, where the error is its.
wasm_trap_t* new_trap(StoreBox& box, v0::Error error);
wasm_trap_t* new_trap(StoreBox& box, internal::Error error);
/// What a callback's trap is to the runtime.
v0::Error to_error(StoreBox& box, const wasm_trap_t& trap);

}  // namespace ashlar::capi
