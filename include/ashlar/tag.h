// Tag and Exception: what guests and the host throw at each other.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/store.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

/// The kind of an exception. A handle into a store: two of them are the same tag when they are equal.
class Tag {
 public:
  /// A new tag, of exceptions that carry values of these types.
  static Tag make(Store& store, const std::vector<ValueType>& types);

  /// Of the values that its exceptions carry.
  std::vector<ValueType> types() const;

  /// An exception, as an error for a host function to return, or to be handled like any other:
  ///   return std::unexpected(tag.exception({Value::i32(7)}));
  /// What cannot be thrown is another error: Usage for values of other types or of another store, Trap
  /// (gc_heap_exhausted).
  Error exception(std::span<const Value> values) const;
  Error exception(std::initializer_list<Value> values = {}) const {
    return exception(std::span<const Value>(values.begin(), values.size()));
  }

  friend bool operator==(const Tag&, const Tag&) = default;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* tag_ = nullptr;
};

/// A guest's exception as the host sees it.
struct Exception {
  Tag tag;                    ///< its kind
  std::vector<Value> values;  ///< of the tag's types
  Value ref;                  ///< the exception itself, an exnref: guests can throw it again
};

}  // namespace v0
}  // namespace ashlar
