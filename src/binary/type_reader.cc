// Decoding of types (spec 5.3).
#include "binary/type_reader.h"

#include <algorithm>
#include <cstdio>

namespace ashlar::binary {

using isa::AbsHeap;
using isa::Feature;
using isa::HeapType;
using isa::ValType;

std::string hex_byte(uint32_t byte) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "0x%02x", byte);
  return buffer;
}

namespace {

Feature feature_of(AbsHeap heap) {
  switch (heap) {
    case AbsHeap::Func:
    case AbsHeap::Extern:
      return Feature::reference_types;
    case AbsHeap::Exn:
    case AbsHeap::NoExn:
      return Feature::exceptions;
    case AbsHeap::NoFunc:
    case AbsHeap::NoExtern:
    case AbsHeap::Any:
    case AbsHeap::Eq:
    case AbsHeap::I31:
    case AbsHeap::Struct:
    case AbsHeap::Array:
    case AbsHeap::None:
    case AbsHeap::Bot:
      return Feature::gc;
  }
  return Feature::gc;
}

/// True when on; otherwise fails with `code`, naming the feature.
bool require(base::ByteReader& in, isa::Features features, Feature feature, ErrorCode code, size_t at, uint8_t byte) {
  if (features.has(feature)) return true;
  in.fail_at(code, at, hex_byte(byte), " (feature " + std::string(isa::info(feature).name) + " is off)");
  return false;
}

ValType read_long_ref(base::ByteReader& in, isa::Features features, size_t at) {
  const uint8_t code = in.u8();
  if (!require(in, features, Feature::function_references, ErrorCode::malformed_reference_type, at, code)) return {};
  return ValType::ref(code == isa::kRefNullCode, read_heap_type(in, features));
}

}  // namespace

HeapType read_heap_type(base::ByteReader& in, isa::Features features) {
  const size_t at = in.pos();
  const uint8_t code = in.peek();
  if (code >= 0x40 && code < 0x80) {
    in.u8();
    const std::optional<AbsHeap> heap = isa::abs_heap_from_code(code);
    if (!heap) {
      in.fail_at(ErrorCode::malformed_heap_type, at, hex_byte(code));
      return {};
    }
    require(in, features, feature_of(*heap), ErrorCode::malformed_heap_type, at, code);
    return *heap;
  }
  const int64_t index = in.leb_s33();
  if (index < 0) {
    in.fail_at(ErrorCode::malformed_heap_type, at, std::to_string(index));
    return {};
  }
  if (!require(in, features, Feature::function_references, ErrorCode::malformed_heap_type, at, code)) return {};
  // kMaxIndex is above every limit on types, so what is clamped stays unknown.
  return HeapType::concrete(static_cast<uint32_t>(std::min<int64_t>(index, HeapType::kMaxIndex)));
}

ValType read_ref_type(base::ByteReader& in, isa::Features features) {
  const size_t at = in.pos();
  const uint8_t code = in.peek();
  if (code == isa::kRefCode || code == isa::kRefNullCode) return read_long_ref(in, features, at);
  in.u8();
  const std::optional<AbsHeap> heap = isa::abs_heap_from_code(code);
  if (!heap) {
    in.fail_at(ErrorCode::malformed_reference_type, at, hex_byte(code));
    return {};
  }
  if (*heap != AbsHeap::Func) {
    require(in, features, feature_of(*heap), ErrorCode::malformed_reference_type, at, code);
  }
  return ValType::ref_null(*heap);
}

ValType read_val_type_slow(base::ByteReader& in, isa::Features features) {
  const size_t at = in.pos();
  const uint8_t code = in.peek();
  if (code == isa::kRefCode || code == isa::kRefNullCode) return read_long_ref(in, features, at);
  in.u8();
  const std::optional<ValType> type = isa::val_type_from_code(code);
  if (!type) {
    in.fail_at(ErrorCode::malformed_value_type, at, hex_byte(code));
    return {};
  }
  if (type->is_num()) return *type;
  const Feature feature = type->is_vec() ? Feature::simd : feature_of(type->heap().abs());
  require(in, features, feature, ErrorCode::malformed_value_type, at, code);
  return *type;
}

isa::StorageType read_storage_type(base::ByteReader& in, isa::Features features) {
  if (const std::optional<isa::Packed> packed = isa::packed_from_code(in.peek())) {
    in.u8();
    return {ValType::i32(), *packed};
  }
  return isa::StorageType::of(read_val_type(in, features));
}

}  // namespace ashlar::binary
