// Lengths, names and types of items; see entity_reader.h.
#include "binary/entity_reader.h"

#include "base/utf8.h"
#include "binary/type_reader.h"

namespace ashlar::binary {

using isa::Feature;
using isa::ValType;
using module::CompositeKind;
using module::SubType;

uint32_t EntityReader::length() {
  const size_t at = in_.pos();
  const size_t before = in_.remaining();
  const uint32_t size = in_.leb_u32();
  // Compared with what was left before the length itself, as the reference does; take() catches the rest.
  if (in_.ok() && size > before) {
    in_.fail_at(ErrorCode::length_out_of_bounds, at);
    return 0;
  }
  return size;
}

uint32_t EntityReader::count(uint64_t have, uint64_t limit, std::string_view what) {
  const size_t at = in_.pos();
  const uint32_t count = length();
  if (have + count > limit) {
    in_.fail_at(ErrorCode::module_limit, at, std::to_string(have + count) + " " + std::string(what),
                std::to_string(limit));
    return 0;
  }
  return count;
}

std::string_view EntityReader::name() {
  const size_t at = in_.pos();
  const uint32_t size = count(0, limits_.name_bytes, "bytes in a name");
  const std::span<const uint8_t> bytes = in_.take(size);
  if (!base::is_utf8(bytes)) {
    in_.fail_at(ErrorCode::malformed_utf8, at);
    return {};
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

SubType EntityReader::sub_type() {
  SubType out;
  const size_t at = in_.pos();
  uint8_t code = in_.u8();
  if ((code == isa::kSubTypeCode || code == isa::kSubFinalTypeCode) && features_.has(Feature::gc)) {
    out.is_final = code == isa::kSubFinalTypeCode;
    const uint32_t supers = length();
    if (supers > 1) in_.fail_at(ErrorCode::several_supertypes, at, std::to_string(supers));
    if (supers == 1) out.super = in_.leb_u32();
    code = in_.u8();
  }
  composite_type(out, code);
  return out;
}

void EntityReader::composite_type(SubType& out, uint8_t code) {
  if (!in_.ok()) return;
  const size_t at = in_.pos() - 1;
  if ((code & 0x80) != 0) return in_.fail_at(ErrorCode::integer_too_long, at);
  if (code == isa::kFuncTypeCode) {
    out.kind = CompositeKind::Func;
    out.func.params = val_types(limits_.params, "parameters");
    out.func.results = val_types(limits_.results, "results");
    return;
  }
  const bool known = code == isa::kStructTypeCode || code == isa::kArrayTypeCode;
  if (!known || !features_.has(Feature::gc)) {
    return in_.fail_at(ErrorCode::malformed_definition_type, at, hex_byte(code), known ? " (feature gc is off)" : "");
  }
  if (code == isa::kArrayTypeCode) {
    out.kind = CompositeKind::Array;
    out.fields.push_back(field_type());
    return;
  }
  out.kind = CompositeKind::Struct;
  const uint32_t n = count(0, limits_.struct_fields, "fields in a structure");
  out.fields.reserve(n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) out.fields.push_back(field_type());
}

std::vector<ValType> EntityReader::val_types(uint32_t limit, std::string_view what) {
  std::vector<ValType> out;
  const uint32_t n = count(0, limit, what);
  out.reserve(n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) out.push_back(read_val_type(in_, features_));
  return out;
}

bool EntityReader::mutability() {
  const size_t at = in_.pos();
  const uint8_t byte = in_.u8();
  if (byte > 1) in_.fail_at(ErrorCode::malformed_mutability, at, hex_byte(byte));
  return byte == 1;
}

module::FieldType EntityReader::field_type() {
  const isa::StorageType storage = read_storage_type(in_, features_);
  return {storage, mutability()};
}

module::Limits EntityReader::limits(bool is_memory, uint8_t* page_size_log2) {
  constexpr uint8_t kHasMax = 1, kShared = 2, k64 = 4, kPageSize = 8;
  const size_t at = in_.pos();
  const uint8_t flags = in_.u8();
  uint8_t allowed = kHasMax;
  if (features_.has(Feature::memory64)) allowed |= k64;
  if (is_memory && features_.has(Feature::threads)) allowed |= kShared;
  if (is_memory && features_.has(Feature::custom_page_sizes)) allowed |= kPageSize;
  module::Limits out;
  if ((flags & ~allowed) != 0) {
    in_.fail_at(ErrorCode::malformed_limits_flags, at, hex_byte(flags));
    return out;
  }
  out.shared = (flags & kShared) != 0;
  out.is64 = (flags & k64) != 0;
  out.min = in_.leb_u64();
  if ((flags & kHasMax) != 0) out.max = in_.leb_u64();
  if ((flags & kPageSize) != 0) {
    const uint32_t log2 = in_.leb_u32();
    if (log2 >= 64) in_.fail_at(ErrorCode::malformed_page_size, at, std::to_string(log2));
    *page_size_log2 = static_cast<uint8_t>(log2);
  }
  return out;
}

module::TableType EntityReader::table_type() {
  const ValType elem = read_ref_type(in_, features_);
  return {elem, limits(false, nullptr)};
}

module::MemoryType EntityReader::memory_type() {
  module::MemoryType out;
  out.limits = limits(true, &out.page_size_log2);
  return out;
}

module::GlobalType EntityReader::global_type() {
  const ValType type = read_val_type(in_, features_);
  return {type, mutability()};
}

module::TagType EntityReader::tag_type() {
  const size_t at = in_.pos();
  const uint8_t attribute = in_.u8();
  if (attribute != 0) in_.fail_at(ErrorCode::malformed_tag_attribute, at, hex_byte(attribute));
  return {in_.leb_u32()};
}

}  // namespace ashlar::binary
