// Encoding of a generated module's sections; see shape.h.
#include <algorithm>

#include "base/leb128.h"
#include "binary/section.h"
#include "isa/op_table.h"
#include "support/shape.h"

namespace ashlar::fuzz {

using base::append_leb_s64;
using base::append_leb_u64;
using binary::Section;
using isa::Op;

void append_heap(Bytes& out, HeapType heap) {
  if (heap.is_concrete()) return append_leb_s64(out, heap.index());
  out.push_back(isa::kAbsHeapTable[static_cast<size_t>(heap.abs())].code);
}

void append_type(Bytes& out, ValType type) {
  constexpr uint8_t kNumbers[] = {0x7f, 0x7e, 0x7d, 0x7c, 0x7b};
  if (!type.is_ref()) return out.push_back(kNumbers[static_cast<size_t>(type.kind())]);
  if (!type.nullable() || type.heap().is_concrete()) {
    out.push_back(type.nullable() ? isa::kRefNullCode : isa::kRefCode);
  }
  append_heap(out, type.heap());
}

void append_op(Bytes& out, Op op) {
  const isa::OpInfo& row = isa::info(op);
  if (row.prefix == 0) return out.push_back(static_cast<uint8_t>(row.code));
  out.push_back(row.prefix);
  append_leb_u64(out, row.code);
}

namespace {

void append_bits(Bytes& out, uint64_t bits, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(bits >> (8 * i)));
}

int64_t integer(Choices& in, bool wide) {
  constexpr int64_t kEdges[] = {0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 0x80, 0xff, 0x8000, 0xffff, 31};
  int64_t value = 0;
  switch (in.below(4)) {
    case 0:
      value = static_cast<int8_t>(in.byte());
      break;
    case 1:
      value = static_cast<int64_t>(in.bytes(2));
      break;
    case 2:
      value = in.of(kEdges);
      break;
    default:
      value = static_cast<int64_t>(in.bytes(8));
      break;
  }
  return wide ? value : static_cast<int32_t>(value);
}

uint64_t float_bits(Choices& in, bool wide) {
  constexpr double kDoubles[] = {0.0, 1.0, -1.0, 0.5, 3.25, -0.0, 1e10, 4294967296.0, -2147483648.0, 1e-310, 1e300};
  if (in.one_in(4)) {  // any bits: NaNs with payloads, denormals, infinities
    constexpr uint64_t kExponent64 = 0x7ff0000000000000u;
    const uint64_t bits = in.bytes(wide ? 8 : 4);
    if (!in.one_in(2)) return bits;
    return wide ? bits | kExponent64 : (bits | 0x7f800000u) & 0xffffffffu;
  }
  const double value = in.of(kDoubles);
  const float narrow = static_cast<float>(value);
  return wide ? __builtin_bit_cast(uint64_t, value) : __builtin_bit_cast(uint32_t, narrow);
}

}  // namespace

void append_const(Bytes& out, ValType type, Choices& in) {
  switch (type.kind()) {
    case isa::ValKind::I32:
    case isa::ValKind::I64: {
      const bool wide = type.kind() == isa::ValKind::I64;
      append_op(out, wide ? Op::i64_const : Op::i32_const);
      return append_leb_s64(out, integer(in, wide));
    }
    case isa::ValKind::F32:
      append_op(out, Op::f32_const);
      return append_bits(out, float_bits(in, false), 4);
    case isa::ValKind::F64:
      append_op(out, Op::f64_const);
      return append_bits(out, float_bits(in, true), 8);
    case isa::ValKind::V128:
      append_op(out, Op::v128_const);
      append_bits(out, static_cast<uint64_t>(integer(in, true)), 8);
      return append_bits(out, float_bits(in, true), 8);
    default:
      append_op(out, Op::ref_null);
      return append_heap(out, type.heap());
  }
}

namespace {

void append_types(Bytes& out, const Types& types) {
  append_leb_u64(out, types.size());
  for (ValType type : types) append_type(out, type);
}

void append_field(Bytes& out, const isa::FieldType& field) {
  if (field.storage.is_packed()) {
    out.push_back(field.storage.packed == isa::Packed::I8 ? 0x78 : 0x77);
  } else {
    append_type(out, field.storage.type);
  }
  out.push_back(field.mut ? 1 : 0);
}

void append_sub_type(Bytes& out, const SubType& type) {
  if (!type.is_final || type.super != module::kNoIndex) {
    out.push_back(type.is_final ? isa::kSubFinalTypeCode : isa::kSubTypeCode);
    out.push_back(type.super != module::kNoIndex ? 1 : 0);
    if (type.super != module::kNoIndex) append_leb_u64(out, type.super);
  }
  switch (type.kind) {
    case CompositeKind::Func:
      out.push_back(isa::kFuncTypeCode);
      append_types(out, type.func.params);
      return append_types(out, type.func.results);
    case CompositeKind::Struct:
      out.push_back(isa::kStructTypeCode);
      append_leb_u64(out, type.fields.size());
      for (const isa::FieldType& field : type.fields) append_field(out, field);
      return;
    case CompositeKind::Array:
      out.push_back(isa::kArrayTypeCode);
      return append_field(out, type.fields[0]);
  }
}

void append_name(Bytes& out, std::string_view name) {
  append_leb_u64(out, name.size());
  out.insert(out.end(), name.begin(), name.end());
}

void append_limits(Bytes& out, bool is64, bool shared, uint32_t min, uint32_t max) {
  out.push_back(static_cast<uint8_t>(1 | (shared ? 2 : 0) | (is64 ? 4 : 0)));
  append_leb_u64(out, min);
  append_leb_u64(out, max);
}

void append_section(Bytes& out, Section id, const Bytes& contents) {
  out.push_back(static_cast<uint8_t>(id));
  append_leb_u64(out, contents.size());
  out.insert(out.end(), contents.begin(), contents.end());
}

Bytes with_count(size_t count) {
  Bytes out;
  append_leb_u64(out, count);
  return out;
}

bool crosses_boundary(const Types& types) {
  return std::ranges::all_of(types, [](ValType t) { return t.is_num(); });
}

}  // namespace

Bytes Shape::type_section() const {
  const bool grouped = one_group && gc_types > 0;
  Bytes out = with_count(types.size() - (grouped ? gc_types - 1 : 0));
  if (grouped) {
    out.push_back(isa::kRecTypeCode);
    append_leb_u64(out, gc_types);
  }
  for (const SubType& type : types) append_sub_type(out, type);
  return out;
}

Bytes Shape::export_section() const {
  size_t count = 0;
  Bytes out;
  const auto add = [&](std::string_view name, module::ExternKind kind, size_t index) {
    append_name(out, name);
    out.push_back(static_cast<uint8_t>(kind));
    append_leb_u64(out, index);
    ++count;
  };
  add(kFuelExport, module::ExternKind::Global, kFuelGlobal);
  for (uint32_t i = 1; i < funcs.size(); ++i) {
    if (!crosses_boundary(func_type(i).params) || !crosses_boundary(func_type(i).results)) continue;
    add("f" + std::to_string(i), module::ExternKind::Func, i);
  }
  for (size_t i = 0; i < memories.size(); ++i) add("m" + std::to_string(i), module::ExternKind::Memory, i);
  for (size_t i = 0; i < tables.size(); ++i) add("t" + std::to_string(i), module::ExternKind::Table, i);
  for (size_t i = 1; i < globals.size(); ++i) {
    if (globals[i].type.is_num()) add("g" + std::to_string(i), module::ExternKind::Global, i);
  }
  Bytes all = with_count(count);
  all.insert(all.end(), out.begin(), out.end());
  return all;
}

Bytes Shape::elem_section() const {
  Bytes out = with_count(elems.size() + 2);
  out.push_back(0);  // active in table 0
  append_op(out, Op::i32_const);
  out.push_back(0);
  append_op(out, Op::end);
  append_leb_u64(out, tables[0].min - 2);  // the last two stay null
  for (uint32_t i = 0; i < tables[0].min - 2; ++i) append_leb_u64(out, i % funcs.size());
  out.push_back(3);  // declares all functions
  out.push_back(0);
  append_leb_u64(out, funcs.size());
  for (uint32_t i = 0; i < funcs.size(); ++i) append_leb_u64(out, i);
  for (const ElemShape& elem : elems) {
    out.push_back(5);  // passive, expressions
    append_type(out, elem.type);
    append_leb_u64(out, elem.inits.size());
    for (const Bytes& init : elem.inits) out.insert(out.end(), init.begin(), init.end());
  }
  return out;
}

Bytes Shape::encode(const std::vector<Bytes>& bodies) const {
  Bytes out{0, 'a', 's', 'm', 1, 0, 0, 0};
  append_section(out, Section::Type, type_section());
  Bytes part{1};
  append_name(part, "env");
  append_name(part, "mix");
  part.push_back(0);
  append_leb_u64(part, funcs[kMixFunc]);
  append_section(out, Section::Import, part);
  part = with_count(funcs.size() - 1);
  for (size_t i = 1; i < funcs.size(); ++i) append_leb_u64(part, funcs[i]);
  append_section(out, Section::Function, part);
  part = with_count(tables.size());
  for (const TableShape& table : tables) {
    append_type(part, table.elem);
    append_limits(part, table.is64, false, table.min, table.max);
  }
  append_section(out, Section::Table, part);
  part = with_count(memories.size());
  for (const MemoryShape& memory : memories) append_limits(part, memory.is64, memory.shared, memory.min, memory.max);
  append_section(out, Section::Memory, part);
  if (!tags.empty()) {
    part = with_count(tags.size());
    for (uint32_t type : tags) {
      part.push_back(0);
      append_leb_u64(part, type);
    }
    append_section(out, Section::Tag, part);
  }
  part = with_count(globals.size());
  for (const GlobalShape& global : globals) {
    append_type(part, global.type);
    part.push_back(global.mut ? 1 : 0);
    part.insert(part.end(), global.init.begin(), global.init.end());
  }
  append_section(out, Section::Global, part);
  append_section(out, Section::Export, export_section());
  append_section(out, Section::Element, elem_section());
  append_section(out, Section::DataCount, with_count(datas.size()));
  part = with_count(bodies.size());
  for (const Bytes& body : bodies) {
    append_leb_u64(part, body.size());
    part.insert(part.end(), body.begin(), body.end());
  }
  append_section(out, Section::Code, part);
  part = with_count(datas.size());
  for (const Bytes& data : datas) {
    part.push_back(1);
    append_leb_u64(part, data.size());
    part.insert(part.end(), data.begin(), data.end());
  }
  append_section(out, Section::Data, part);
  return out;
}

}  // namespace ashlar::fuzz
