// The subtype relation on heap and value types, over whatever the concrete indices mean.
#pragma once

#include "module/types.h"

namespace ashlar::module {

/// Matching among abstract heap types (spec 3.3.3).
constexpr bool abs_heap_matches(isa::AbsHeap sub, isa::AbsHeap super) {
  using isa::AbsHeap;
  if (sub == super || sub == AbsHeap::Bot) return true;
  switch (super) {
    case AbsHeap::Any:
      return sub == AbsHeap::Eq || sub == AbsHeap::I31 || sub == AbsHeap::Struct || sub == AbsHeap::Array ||
             sub == AbsHeap::None;
    case AbsHeap::Eq:
      return sub == AbsHeap::I31 || sub == AbsHeap::Struct || sub == AbsHeap::Array || sub == AbsHeap::None;
    case AbsHeap::I31:
    case AbsHeap::Struct:
    case AbsHeap::Array:
      return sub == AbsHeap::None;
    case AbsHeap::Func:
      return sub == AbsHeap::NoFunc;
    case AbsHeap::Extern:
      return sub == AbsHeap::NoExtern;
    case AbsHeap::Exn:
      return sub == AbsHeap::NoExn;
    case AbsHeap::NoFunc:
    case AbsHeap::NoExtern:
    case AbsHeap::None:
    case AbsHeap::NoExn:
    case AbsHeap::Bot:
      return false;
  }
  return false;
}

/// The abstract type right above a defined type of that kind.
constexpr isa::AbsHeap abs_of(CompositeKind kind) {
  return kind == CompositeKind::Func     ? isa::AbsHeap::Func
         : kind == CompositeKind::Struct ? isa::AbsHeap::Struct
                                         : isa::AbsHeap::Array;
}

/// The bottom of the hierarchy `top_of` belongs to.
constexpr isa::AbsHeap bottom_of(isa::AbsHeap heap) {
  using isa::AbsHeap;
  switch (heap) {
    case AbsHeap::Func:
    case AbsHeap::NoFunc:
      return AbsHeap::NoFunc;
    case AbsHeap::Extern:
    case AbsHeap::NoExtern:
      return AbsHeap::NoExtern;
    case AbsHeap::Exn:
    case AbsHeap::NoExn:
      return AbsHeap::NoExn;
    case AbsHeap::Any:
    case AbsHeap::Eq:
    case AbsHeap::I31:
    case AbsHeap::Struct:
    case AbsHeap::Array:
    case AbsHeap::None:
    case AbsHeap::Bot:
      return AbsHeap::None;
  }
  return AbsHeap::None;
}

/// `Types` gives meaning to indices: CompositeKind kind(uint32_t), bool is_subtype(uint32_t sub, uint32_t super).
template <class Types>
bool heap_matches_in(const Types& types, HeapType sub, HeapType super) {
  if (sub == super || sub.is_bot()) return true;
  if (sub.is_concrete()) {
    return super.is_concrete() ? types.is_subtype(sub.index(), super.index())
                               : abs_heap_matches(abs_of(types.kind(sub.index())), super.abs());
  }
  if (super.is_abstract()) return abs_heap_matches(sub.abs(), super.abs());
  // Only the bottom of the hierarchy is below a defined type.
  return sub.abs() == bottom_of(abs_of(types.kind(super.index())));
}

template <class Types>
bool val_matches_in(const Types& types, ValType sub, ValType super) {
  if (sub == super || sub.is_bot()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  return (super.nullable() || !sub.nullable()) && heap_matches_in(types, sub.heap(), super.heap());
}

}  // namespace ashlar::module
