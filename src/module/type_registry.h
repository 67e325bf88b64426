// Engine-wide canonicalization of recursion groups: equal types get equal ids; subtyping in constant time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/error.h"
#include "module/types.h"

namespace ashlar::module {

struct Module;

/// A canonical type. Heap types inside `def` hold canonical ids. Addresses are stable while referenced.
struct CanonType {
  SubType def;
  uint32_t id;
  uint32_t depth;                 ///< number of proper supertypes
  std::vector<uint32_t> display;  ///< ids of supertypes by depth, itself last: display[depth] == id
};

/// Thread-safe. Ids are reused only after every module that used the group has been released.
class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();

  /// Canonicalizes all rec groups of `m` in order, fills m.canonical, takes one reference a group and sets
  /// m.registry to `self`. m.types must be well-formed (indices in range; checked by validation before).
  static Status canonicalize(const std::shared_ptr<TypeRegistry>& self, Module& m);
  /// Canonicalizes one group at a time while validation walks the types section (ids for [first, first+count)).
  /// Takes one reference; release() gives back what m.canonical covers.
  Status canonicalize_group(std::span<const SubType> types_so_far, RecGroup group, std::vector<uint32_t>& canonical);
  void release(const Module& m);

  /// A function type made by the host; held for the registry's life.
  uint32_t intern_func(const FuncType& type);

  const CanonType& get(uint32_t id) const;  ///< lock-free; id must be referenced by a live module
  bool is_subtype(uint32_t sub, uint32_t super) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Subtyping over canonical types (heap indices are canonical ids). Spec: Valid > Matching.
bool heap_matches(const TypeRegistry& r, HeapType sub, HeapType super);
bool val_matches(const TypeRegistry& r, ValType sub, ValType super);
/// Rewrites concrete heap indices of a module's type into canonical ids.
ValType to_canonical(const Module& m, ValType type);
HeapType to_canonical(const Module& m, HeapType type);

}  // namespace ashlar::module
