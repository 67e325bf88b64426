// Values of the C API: vectors, and the way to slots and back.
#include <cstring>

#include "capi/refs.h"
#include "capi/trap.h"
#include "capi/types.h"

namespace capi = ashlar::capi;
using ashlar::v0::detail::Access;

namespace ashlar::capi {

bool ref_to_slot(StoreBox& box, isa::ValType type, const wasm_ref_t* ref, runtime::Slot* out) {
  *out = 0;
  if (ref == nullptr) return type.nullable();
  if (ref->store.get() != &box) return false;
  if (box.inner().is_func_ref(type)) {
    auto* const* cell = std::get_if<runtime::FuncCell*>(&ref->to);
    if (cell == nullptr || !box.inner().heap().func_matches(*cell, type)) return false;
    *out = runtime::from_func(*cell);
    return true;
  }
  const v0::Value* value = nullptr;
  v0::Value boxed;
  if (const auto* foreign = std::get_if<Foreign>(&ref->to)) {
    value = &foreign->value;
  } else if (const auto* object = std::get_if<HeapRef>(&ref->to)) {
    value = &object->value;
  } else {
    if (kind_of(box.types(), type) != WASM_EXTERNREF) return false;
    auto made = v0::Value::external(box.store, Boxed{ref->to});
    if (!made) return false;
    boxed = std::move(*made);
    value = &boxed;
  }
  if (!Access::fits(box.state(), type, *value)) return false;
  *out = Access::value(*value).lo;
  return true;
}

bool to_slots(StoreBox& box, isa::ValType type, const wasm_val_t& value, runtime::Slot* out) {
  switch (type.kind()) {
    case isa::ValKind::I32:
    case isa::ValKind::F32: {
      uint32_t bits = 0;
      std::memcpy(&bits, &value.of, sizeof bits);
      *out = bits;
      return value.kind == static_cast<wasm_valkind_t>(type.kind());
    }
    case isa::ValKind::I64:
    case isa::ValKind::F64:
      std::memcpy(out, &value.of, sizeof *out);
      return value.kind == static_cast<wasm_valkind_t>(type.kind());
    case isa::ValKind::Ref:
      return wasm_valkind_is_ref(value.kind) && ref_to_slot(box, type, value.of.ref, out);
    case isa::ValKind::V128:
    case isa::ValKind::Bot:
      return false;
  }
  return false;
}

wasm_ref_t* ref_from_slot(StoreBox& box, isa::ValType type, runtime::Slot slot) {
  if (box.inner().is_func_ref(type)) {
    return slot == 0 ? nullptr : new wasm_func_t(box.shared_from_this(), runtime::as_func(slot));
  }
  v0::Value value = Access::value(box.state(), type, static_cast<runtime::GcRef>(slot), 0);
  if (value.is_null()) return nullptr;
  if (const Boxed* boxed = value.external<Boxed>()) return new_ref(box.shared_from_this(), boxed->to);
  if (value.external<ForeignObject>() != nullptr) {
    return new wasm_foreign_t(box.shared_from_this(), Foreign{std::move(value)});
  }
  return new wasm_ref_t(box.shared_from_this(), HeapRef{std::move(value)});
}

void from_slots(StoreBox& box, isa::ValType type, const runtime::Slot* slots, wasm_val_t* out) {
  out->kind = kind_of(box.types(), type);
  if (type.is_ref()) {
    out->of.ref = ref_from_slot(box, type, *slots);
  } else if (type == isa::ValType::i32() || type == isa::ValType::f32()) {
    const auto bits = static_cast<uint32_t>(*slots);
    std::memcpy(&out->of, &bits, sizeof bits);
  } else {
    const runtime::Slot bits = type.is_vec() ? 0 : *slots;
    std::memcpy(&out->of, &bits, sizeof bits);
  }
}

wasm_val_t default_of(const module::TypeRegistry& types, isa::ValType type) {
  wasm_val_t out{};
  out.kind = kind_of(types, type);
  return out;
}

namespace {

// What the vectors do with their elements. Copying: false without memory.
bool copy_element(wasm_byte_t b, wasm_byte_t& out) {
  out = b;
  return true;
}
void delete_element(wasm_byte_t&) {}
bool copy_element(const wasm_val_t& v, wasm_val_t& out) {
  wasm_val_copy(&out, &v);
  return !wasm_valkind_is_ref(v.kind) || (out.of.ref == nullptr) == (v.of.ref == nullptr);
}
void delete_element(wasm_val_t& v) { wasm_val_delete(&v); }
template <class T>
bool copied(const T* from, T* to) {
  return (from == nullptr) == (to == nullptr);
}
bool copy_element(const wasm_frame_t* f, wasm_frame_t*& out) { return copied(f, out = wasm_frame_copy(f)); }
bool copy_element(const wasm_extern_t* e, wasm_extern_t*& out) { return copied(e, out = wasm_extern_copy(e)); }
#define TYPE(name) \
  bool copy_element(const wasm_##name##_t* t, wasm_##name##_t*& out) { return copied(t, out = wasm_##name##_copy(t)); }
#include "capi/families.def"
template <class T>
void delete_element(T* p) {
  delete p;
}

}  // namespace

}  // namespace ashlar::capi

extern "C" {

void wasm_val_delete(wasm_val_t* v) {
  if (v == nullptr || !wasm_valkind_is_ref(v->kind)) return;
  delete v->of.ref;
  v->of.ref = nullptr;
}

void wasm_val_copy(wasm_val_t* out, const wasm_val_t* v) {
  *out = *v;
  if (wasm_valkind_is_ref(v->kind)) out->of.ref = wasm_ref_copy(v->of.ref);
}

#define VEC(name)                                                                          \
  void wasm_##name##_vec_new_empty(wasm_##name##_vec_t* out) { capi::make_vec(out, 0); }   \
  void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t* out, size_t size) try {    \
    capi::make_vec(out, size);                                                             \
  } catch (const std::bad_alloc&) {                                                        \
    capi::no_memory();                                                                     \
  }                                                                                        \
  void wasm_##name##_vec_new(wasm_##name##_vec_t* out, size_t size,                        \
                             capi::ElementOf<wasm_##name##_vec_t> const data[]) try {      \
    capi::make_vec(out, size, data);                                                       \
  } catch (const std::bad_alloc&) {                                                        \
    capi::no_memory();                                                                     \
  }                                                                                        \
  void wasm_##name##_vec_copy(wasm_##name##_vec_t* out, const wasm_##name##_vec_t* from) { \
    const wasm_##name##_vec_t source = *from;                                              \
    wasm_##name##_vec_new_uninitialized(out, source.size);                                 \
    for (size_t i = 0; i < out->size; ++i) {                                               \
      if (capi::copy_element(source.data[i], out->data[i])) continue;                      \
      wasm_##name##_vec_delete(out);                                                       \
      return;                                                                              \
    }                                                                                      \
  }                                                                                        \
  void wasm_##name##_vec_delete(wasm_##name##_vec_t* vec) {                                \
    if (vec == nullptr) return;                                                            \
    for (size_t i = 0; i < vec->size; ++i) capi::delete_element(vec->data[i]);             \
    delete[] vec->data;                                                                    \
    vec->size = 0;                                                                         \
    vec->data = nullptr;                                                                   \
  }
#include "capi/families.def"

}  // extern "C"
