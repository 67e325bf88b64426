// Vectors of the C API: their elements belong to them, their storage comes from new[].
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "wasm.h"

namespace ashlar::capi {

template <class V>
using ElementOf = std::remove_pointer_t<decltype(V::data)>;

/// Zeros or nulls.
template <class V>
void make_vec(V* out, size_t size) {
  *out = V{};  // whole, should there be no memory
  if (size != 0) out->data = new ElementOf<V>[size]();
  out->size = size;
}

template <class V>
void make_vec(V* out, size_t size, const ElementOf<V>* elements) {
  make_vec(out, size);
  std::copy_n(elements, size, out->data);
}

inline void make_name(wasm_name_t* out, std::string_view text) { make_vec(out, text.size(), text.data()); }
/// With a zero behind it.
inline void make_message(wasm_message_t* out, std::string_view text) {
  make_vec(out, text.size() + 1);
  std::copy(text.begin(), text.end(), out->data);
}
/// The bytes as text, without a zero at the end.
inline std::string_view view(const wasm_byte_vec_t& bytes) { return {bytes.data, bytes.size}; }

/// Owns a vector.
template <class V, auto Copy, auto Delete>
class OwnedVec {
 public:
  OwnedVec() = default;
  /// Takes over what is in `from`.
  explicit OwnedVec(V* from) : vec_(std::exchange(*from, V{})) {}
  /// Throws std::bad_alloc.
  OwnedVec(const OwnedVec& o) {
    Copy(&vec_, &o.vec_);
    if (vec_.size != o.vec_.size) throw std::bad_alloc();
  }
  OwnedVec(OwnedVec&& o) noexcept : vec_(std::exchange(o.vec_, V{})) {}
  OwnedVec& operator=(const OwnedVec&) = delete;
  ~OwnedVec() { Delete(&vec_); }
  V* get() { return &vec_; }
  const V* get() const { return &vec_; }

 private:
  V vec_{};
};
using OwnedName = OwnedVec<wasm_name_t, wasm_byte_vec_copy, wasm_byte_vec_delete>;
using OwnedTypes = OwnedVec<wasm_valtype_vec_t, wasm_valtype_vec_copy, wasm_valtype_vec_delete>;

}  // namespace ashlar::capi
