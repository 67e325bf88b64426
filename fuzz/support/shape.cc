// Choosing a module's declarations; see shape.h. Their encoding is in shape_encode.cc.
#include "support/shape.h"

#include <algorithm>

#include "isa/op_table.h"
#include "module/subtyping.h"

namespace ashlar::fuzz {

using isa::FieldType;
using isa::Op;
using isa::StorageType;

namespace {

constexpr uint32_t kWideFields = 80;  ///< of structs with many

}  // namespace

Shape::Shape(Choices& in, const GenerateOptions& options_in) : options(options_in) {
  make_gc_types(in);
  make_pool();
  make_funcs(in);
  make_memories(in);
  make_tables(in);
  make_globals(in);
  make_segments(in);
}

uint32_t Shape::intern(const FuncType& type) {
  for (uint32_t i = gc_types; i < types.size(); ++i) {
    if (types[i].func == type) return i;
  }
  SubType added;
  added.func = type;
  types.push_back(std::move(added));
  return static_cast<uint32_t>(types.size() - 1);
}

namespace {

struct TypeView {
  const std::vector<SubType>& types;
  CompositeKind kind(uint32_t index) const { return types[index].kind; }
  bool is_subtype(uint32_t sub, uint32_t super) const {
    while (sub != super && sub != module::kNoIndex) sub = types[sub].super;
    return sub == super;
  }
};

}  // namespace

bool Shape::matches(ValType sub, ValType super) const { return module::val_matches_in(TypeView{types}, sub, super); }

/// Most are references.
FieldType Shape::object_field(Choices& in, uint32_t known) const {
  const bool mut = !in.one_in(8);
  const auto of = [&](ValType type) { return FieldType{StorageType::of(type), mut}; };
  switch (in.below(10)) {
    case 0:
      return {in.one_in(2) ? StorageType::i8() : StorageType::i16(), mut};
    case 1:
    case 2:
      return of(number_type(in));
    case 3:
      return of(ValType::anyref());
    case 4:
      return of(in.one_in(2) ? ValType::eqref() : ValType::funcref());
    case 5:
      if (options.exceptions && in.one_in(2)) return of(ValType::exnref());
      return of(in.one_in(2) ? ValType::externref() : ValType::i31ref());
    default:
      if (known == 0) return of(ValType::structref());
      return of(ValType::ref_null(HeapType::concrete(in.below(known))));
  }
}

FieldType Shape::field(Choices& in, uint32_t known) const {
  if (options.objects) return object_field(in, known);
  const bool mut = !in.one_in(4);
  const uint32_t kind = in.below(10);
  if (kind == 0) return {StorageType::i8(), mut};
  if (kind == 1) return {StorageType::i16(), mut};
  if (kind <= 6 || known == 0) return {StorageType::of(number_type(in)), mut};
  if (kind == 7) return {StorageType::of(ValType::anyref()), mut};
  if (kind == 8) return {StorageType::of(in.one_in(2) ? ValType::funcref() : ValType::eqref()), mut};
  return {StorageType::of(ValType::ref_null(HeapType::concrete(in.below(known)))), mut};
}

void Shape::make_gc_types(Choices& in) {
  if (!options.gc) return;
  const uint32_t count = options.objects ? in.between(3, 10) : in.between(1, 6);
  one_group = in.one_in(2);
  for (uint32_t i = 0; i < count; ++i) {
    SubType type;
    type.kind = in.one_in(3) ? CompositeKind::Array : CompositeKind::Struct;
    // Within one recursion group fields may point forward.
    const uint32_t known = one_group ? count : i;
    const uint32_t super = in.below(i + 1);
    if (super < i && types[super].kind == type.kind && !types[super].is_final) {
      type.super = super;
      type.fields = types[super].fields;
    }
    type.is_final = in.one_in(3);
    if (type.kind == CompositeKind::Struct) {
      // References behind what the collector's bits of a type cover.
      if (options.objects && type.fields.size() < kWideFields && in.one_in(6)) {
        for (uint32_t n = in.between(10, kWideFields); n > 0; --n) {
          type.fields.push_back({StorageType::of(number_type(in)), true});
        }
      }
      for (uint32_t more = in.below(5); more > 0; --more) type.fields.push_back(field(in, known));
    } else if (type.fields.empty()) {
      type.fields.push_back(field(in, known));
    }
    types.push_back(std::move(type));
  }
  gc_types = count;
}

void Shape::make_pool() {
  if (!options.references) return;
  refs_ = {ValType::funcref(), ValType::externref()};
  if (options.exceptions) refs_.push_back(ValType::exnref());
  if (!options.gc) return;
  refs_.insert(refs_.end(), {ValType::anyref(), ValType::eqref(), ValType::i31ref(), ValType::structref(),
                             ValType::arrayref(), ValType::nullref()});
  for (uint32_t i = 0; i < gc_types; ++i) refs_.push_back(ValType::ref_null(HeapType::concrete(i)));
}

ValType Shape::number_type(Choices& in) const {
  constexpr isa::ValKind kKinds[] = {isa::ValKind::I32, isa::ValKind::I64, isa::ValKind::F64, isa::ValKind::F32,
                                     isa::ValKind::I32, isa::ValKind::I32, isa::ValKind::V128};
  const isa::ValKind kind = kKinds[in.below(options.vectors ? 7 : 6)];
  return ValType::num(kind);
}

ValType Shape::default_type(Choices& in) const {
  if (refs_.empty() || in.one_in(3) == options.objects) return number_type(in);
  return refs_[in.below(static_cast<uint32_t>(refs_.size()))];
}

ValType Shape::value_type(Choices& in) const {
  const ValType type = default_type(in);
  return type.is_ref() && in.one_in(3) && has_non_null(type.heap()) ? type.as_non_null() : type;
}

std::vector<uint32_t> Shape::types_below(HeapType heap, CompositeKind kind) const {
  std::vector<uint32_t> out;
  for (uint32_t i = 0; i < gc_types; ++i) {
    if (types[i].kind == kind && matches(ValType::ref(HeapType::concrete(i)), ValType::ref(heap))) out.push_back(i);
  }
  return out;
}

bool Shape::has_non_null(HeapType heap) const {
  if (heap.is_concrete()) return heap.index() < gc_types;
  switch (heap.abs()) {
    case AbsHeap::Func:
    case AbsHeap::I31:
    case AbsHeap::Any:
    case AbsHeap::Eq:
      return true;
    case AbsHeap::Extern:
      return options.gc;
    case AbsHeap::Struct:
      return !types_below(heap, CompositeKind::Struct).empty();
    case AbsHeap::Array:
      return !types_below(heap, CompositeKind::Array).empty();
    default:
      return false;
  }
}

void Shape::make_funcs(Choices& in) {
  funcs.push_back(intern({{ValType::i64(), ValType::i64()}, {ValType::i64()}}));
  const uint32_t count = in.between(1, 6);
  for (uint32_t i = 0; i < count; ++i) {
    FuncType type;
    // The first and every other one can be called from outside.
    const bool outer = i % 2 == 0;
    constexpr isa::ValKind kOuter[] = {isa::ValKind::I32, isa::ValKind::I64, isa::ValKind::F64, isa::ValKind::F32};
    const auto add = [&](Types& list, uint32_t most) {
      for (uint32_t n = in.below(most + 1); n > 0; --n) {
        list.push_back(outer ? ValType::num(kOuter[in.below(4)]) : value_type(in));
      }
    };
    add(type.params, 4);
    add(type.results, 3);
    if (i == 0 && type.results.empty()) type.results.push_back(ValType::i32());
    funcs.push_back(intern(type));
  }
  if (!options.exceptions && !options.legacy_exceptions) return;
  for (uint32_t n = in.between(1, 3); n > 0; --n) {
    FuncType type;
    for (uint32_t k = in.below(3); k > 0; --k) type.params.push_back(value_type(in));
    tags.push_back(intern(type));
  }
}

void Shape::make_memories(Choices& in) {
  const uint32_t count = options.several_memories ? in.below(4) : 1;
  for (uint32_t i = 0; i < std::max(1u, count); ++i) {
    MemoryShape memory{};
    memory.is64 = options.memory64 && in.one_in(4) && !(options.numeric_loops && i == 0);
    memory.min = in.between(1, 2);
    memory.max = memory.min + in.below(3);
    memories.push_back(memory);
  }
}

void Shape::make_tables(Choices& in) {
  tables.push_back({ValType::funcref(), false, 16, 20});
  if (!options.references) return;
  for (uint32_t n = options.objects ? in.between(2, 5) : in.below(4); n > 0; --n) {
    const ValType elem = refs_[in.below(static_cast<uint32_t>(refs_.size()))];
    const uint32_t min = in.between(4, 16);
    tables.push_back({elem, options.memory64 && in.one_in(3), min, min + in.below(8)});
  }
}

void Shape::make_globals(Choices& in) {
  GlobalShape fuel{ValType::i32(), true, {}};
  append_op(fuel.init, Op::i32_const);
  fuel.init.push_back(0);
  append_op(fuel.init, Op::end);
  globals.push_back(fuel);
  for (uint32_t n = options.objects ? in.between(5, 12) : in.below(7); n > 0; --n) {
    GlobalShape global{default_type(in), !in.one_in(4), {}};
    append_const(global.init, global.type, in);
    append_op(global.init, Op::end);
    globals.push_back(std::move(global));
  }
}

void Shape::make_segments(Choices& in) {
  for (uint32_t n = in.between(1, 3); n > 0; --n) {
    Bytes data;
    for (uint32_t size = in.below(40); size > 0; --size) data.push_back(in.byte());
    datas.push_back(std::move(data));
  }
  if (!options.references) return;
  for (uint32_t n = in.between(1, 3); n > 0; --n) {
    ElemShape elem{refs_[in.below(static_cast<uint32_t>(refs_.size()))], {}};
    for (uint32_t size = in.below(6); size > 0; --size) {
      Bytes init;
      append_const(init, elem.type, in);
      append_op(init, Op::end);
      elem.inits.push_back(std::move(init));
    }
    elems.push_back(std::move(elem));
  }
}

}  // namespace ashlar::fuzz
