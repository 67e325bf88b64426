// What adapters do to the units of strings: vector loops, one function each in the adapter module. Inside src/component
// only.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "component/core_writer.h"

namespace ashlar::component {

/// Functions (i32 dst, i32 src, i32 units) -> i32: write all units, and say whether some were not simple: what stands
/// in their place is nothing then. Both ranges are in bounds.
enum class UnitsCopy : uint8_t {
  Bytes,          ///< bytes as they are; simple: ASCII
  Words,          ///< of 16 bits as they are; simple: no surrogate
  Widened,        ///< bytes to words; simple: ASCII
  NarrowedAscii,  ///< words to bytes; simple: ASCII
  NarrowedLatin,  ///< words to bytes; simple: below 0x100
};

/// The body of such a function between two memories of its module.
std::vector<uint8_t> units_copy_body(UnitsCopy copy, uint32_t to_memory, uint32_t from_memory);

/// Those that a module needs, each once.
class UnitsCopies {
 public:
  /// Its number among them.
  uint32_t find(UnitsCopy copy, uint32_t to_memory, uint32_t from_memory);
  bool empty() const { return keys_.empty(); }
  /// Adds all to the module, in order.
  void define(ModuleWriter& writer) const;

 private:
  struct Key {
    UnitsCopy copy;
    uint32_t to, from;
    bool operator==(const Key&) const = default;
  };
  std::vector<Key> keys_;
};

}  // namespace ashlar::component
