// Decodes value, reference, heap and storage types; shared by sections and bodies.
#pragma once

#include "base/byte_reader.h"
#include "isa/features.h"
#include "isa/value_type.h"

namespace ashlar::binary {

/// Each fails the reader (sticky) on malformed input or on a type whose feature is off.
isa::HeapType read_heap_type(base::ByteReader& in, isa::Features features);
isa::ValType read_val_type_slow(base::ByteReader& in, isa::Features features);
/// Of tables and element segments: funcref needs no feature here.
isa::ValType read_ref_type(base::ByteReader& in, isa::Features features);
isa::StorageType read_storage_type(base::ByteReader& in, isa::Features features);

inline isa::ValType read_val_type(base::ByteReader& in, isa::Features features) {
  // i32, i64, f32, f64 are 0x7f down to 0x7c.
  const uint8_t code = in.peek();
  if (code >= 0x7c && code <= 0x7f) [[likely]] {
    in.u8();
    return isa::ValType::num(static_cast<isa::ValKind>(0x7f - code));
  }
  return read_val_type_slow(in, features);
}
static_assert(isa::code_of(isa::ValKind::I32) == 0x7f && isa::code_of(isa::ValKind::F64) == 0x7c);
static_assert(static_cast<int>(isa::ValKind::I32) == 0 && static_cast<int>(isa::ValKind::F64) == 3);

/// "0x3f"
std::string hex_byte(uint32_t byte);

}  // namespace ashlar::binary
