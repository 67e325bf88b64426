// Memory, Table and Global: the state that guests export and import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "ashlar/error.h"
#include "ashlar/func.h"
#include "ashlar/store.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

/// A linear memory. Its bytes never move; what a guest of a shared memory writes meanwhile is seen torn.
class Memory {
 public:
  /// A new memory of `min` to `max` pages of 64 KiB. Errors: Limit.
  static Result<Memory> make(Store& store, uint64_t min, std::optional<uint64_t> max = {});

  /// All bytes, as many as there are now: growing makes the memory longer, not this span.
  std::span<uint8_t> bytes() const;
  uint64_t size() const { return bytes().size(); }  ///< in bytes
  uint64_t pages() const;
  /// Grows by `delta` pages; the size before, in pages, or nothing when the maximum or a limit forbids it.
  std::optional<uint64_t> grow(uint64_t delta) const;

  /// The object at `address`, of a trivially copyable type; nothing when it does not lie inside.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  std::optional<T> read(uint64_t address) const {
    const std::span<uint8_t> all = bytes();
    if (sizeof(T) > all.size() || address > all.size() - sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, all.data() + address, sizeof(T));
    return value;
  }
  /// False when it does not fit; nothing is written then.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  bool write(uint64_t address, const T& value) const {
    const std::span<uint8_t> all = bytes();
    if (sizeof(T) > all.size() || address > all.size() - sizeof(T)) return false;
    std::memcpy(all.data() + address, &value, sizeof(T));
    return true;
  }
  /// `size` bytes as text, which stays valid until the guest changes them; nothing when they do not lie inside.
  std::optional<std::string_view> text(uint64_t address, uint64_t size) const {
    const std::span<uint8_t> all = bytes();
    if (size > all.size() || address > all.size() - size) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(all.data()) + address, size);
  }

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* memory_ = nullptr;
};

/// A table of references.
class Table {
 public:
  uint64_t size() const;  ///< in elements
  ValueType element_type() const;
  /// Nothing beyond the end.
  std::optional<Value> get(uint64_t index) const;
  /// Errors: Usage for a value of another type or an index beyond the end.
  Status set(uint64_t index, const Value& value) const;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* table_ = nullptr;
};

/// A global variable.
class Global {
 public:
  /// A new global of the value's type. Aborts when that is a reference of another store.
  static Global make(Store& store, const Value& value, bool is_mutable);

  ValueType type() const;
  bool is_mutable() const;
  Value get() const;
  /// Errors: Usage for a value of another type, or an immutable global.
  Status set(const Value& value) const;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* global_ = nullptr;
};

}  // namespace v0
}  // namespace ashlar
