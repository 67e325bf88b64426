// Subtyping among a module's own type indices, once its types are canonical.
#pragma once

#include "module/module.h"
#include "module/subtyping.h"
#include "module/type_registry.h"

namespace ashlar::validate {

class ModuleTypes {
 public:
  explicit ModuleTypes(const module::Module& m) : m_(m) {}

  module::CompositeKind kind(uint32_t index) const { return m_.types[index].kind; }
  bool is_subtype(uint32_t sub, uint32_t super) const {
    return sub == super || m_.registry->is_subtype(m_.canonical[sub], m_.canonical[super]);
  }
  bool heap_matches(isa::HeapType sub, isa::HeapType super) const { return module::heap_matches_in(*this, sub, super); }
  bool matches(isa::ValType sub, isa::ValType super) const { return module::val_matches_in(*this, sub, super); }

  /// The highest abstract type of the hierarchy that `heap` is in.
  isa::AbsHeap top(isa::HeapType heap) const {
    using isa::AbsHeap;
    const AbsHeap abs = heap.is_concrete() ? module::abs_of(kind(heap.index())) : heap.abs();
    switch (module::bottom_of(abs)) {
      case AbsHeap::NoFunc:
        return AbsHeap::Func;
      case AbsHeap::NoExtern:
        return AbsHeap::Extern;
      case AbsHeap::NoExn:
        return AbsHeap::Exn;
      default:
        return AbsHeap::Any;
    }
  }

 private:
  const module::Module& m_;
};

}  // namespace ashlar::validate
