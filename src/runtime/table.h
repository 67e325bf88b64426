// Tables of references: one slot an element.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "module/types.h"
#include "runtime/value.h"

namespace ashlar::runtime {

class Table {
 public:
  static constexpr uint64_t kMaxElements = 10'000'000;

  /// type.elem is canonical; type.limits.min is at most kMaxElements. Without memory for them the size
  /// stays 0.
  Table(const module::TableType& type, Slot init);

  const module::TableType& type() const { return type_; }
  uint64_t size() const { return size_; }
  Slot* elems() { return elems_; }
  Slot get(uint64_t i) const { return elems_[i]; }
  void set(uint64_t i, Slot v) { elems_[i] = v; }
  /// Returns the old size or -1 (beyond max, beyond kMaxElements, or no memory). Store::table_grow applies store
  /// limits.
  int64_t grow(uint64_t delta, Slot init);

 private:
  Slot* elems_ = nullptr;  ///< first, second members: read by handlers
  uint64_t size_ = 0;
  module::TableType type_;
  uint64_t capacity_ = 0;
  /// From calloc: a large table of nulls costs memory only where it is written.
  struct Free {
    void operator()(Slot* p) const { std::free(p); }
  };
  std::unique_ptr<Slot[], Free> storage_;

  bool reserve(uint64_t capacity);
};

}  // namespace ashlar::runtime
