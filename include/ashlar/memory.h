// Memory, Table and Global: the state that guests export and import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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

namespace detail {
Error beyond_memory();
}

class SharedMemory;

/// A linear memory. Its bytes never move; what a guest of a shared memory writes meanwhile is seen torn. A handle into
/// a store.
class Memory {
 public:
  /// A new memory of `min` to `max` pages of 64 KiB. Errors: Usage (bad_memory_size), Limit.
  static Result<Memory> make(Store& store, uint64_t min, std::optional<uint64_t> max = {});

  /// All bytes, as many as there are now: growing makes the memory longer, not this span.
  std::span<uint8_t> bytes() const;
  uint64_t size() const { return bytes().size(); }  ///< in bytes
  uint64_t pages() const;                           ///< of page_size() bytes
  uint64_t page_size() const;                       ///< in bytes: 65536, or 1
  bool is_shared() const;                           ///< whether other stores may have it
  /// A shared memory for other stores; nothing when it is not shared.
  std::optional<SharedMemory> share() const;
  /// Grows by `delta` pages; the size before, in pages, or nothing when the maximum or a limit forbids it.
  std::optional<uint64_t> grow(uint64_t delta) const;

  // Addresses are in bytes from the memory's begin, and checked. What does not lie inside is the error (Trap)
  // out_of_bounds_memory_access, which stops the guest when a host function returns it.

  /// A part of it, to be read and written in place.
  Result<std::span<uint8_t>> bytes(uint64_t address, uint64_t size) const {
    const std::span<uint8_t> all = bytes();
    if (size > all.size() || address > all.size() - size) return std::unexpected(detail::beyond_memory());
    return all.subspan(address, size);
  }
  /// The object at `address`, of a trivially copyable type, which need not be aligned.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Result<T> read(uint64_t address) const {
    const Result<std::span<uint8_t>> from = bytes(address, sizeof(T));
    if (!from) return std::unexpected(detail::beyond_memory());
    T value;
    std::memcpy(&value, from->data(), sizeof(T));
    return value;
  }
  /// Nothing is written when it does not fit.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Status write(uint64_t address, const T& value) const {
    return write_bytes(address, {reinterpret_cast<const uint8_t*>(&value), sizeof(T)});
  }
  /// Copies bytes into it; nothing is written when they do not fit.
  Status write_bytes(uint64_t address, std::span<const uint8_t> from) const {
    const Result<std::span<uint8_t>> to = bytes(address, from.size());
    if (!to) return std::unexpected(detail::beyond_memory());
    if (!from.empty()) std::memcpy(to->data(), from.data(), from.size());
    return {};
  }
  /// `size` bytes as text, which stays valid until the guest changes them. Whether it is UTF-8 is the guest's affair.
  Result<std::string_view> text(uint64_t address, uint64_t size) const {
    const Result<std::span<uint8_t>> from = bytes(address, size);
    if (!from) return std::unexpected(detail::beyond_memory());
    return std::string_view(reinterpret_cast<const char*>(from->data()), size);
  }

  friend bool operator==(const Memory&, const Memory&) = default;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* memory_ = nullptr;
};

/// A memory that several stores use at the same time, each on its own thread (proposal "threads"). Copies are the same
/// memory, which lives as long as one of them or a store that has it. Thread-safe.
class SharedMemory {
 public:
  /// A new one of `min` to `max` pages of 64 KiB. Errors: Usage (bad_memory_size), Limit.
  static Result<SharedMemory> make(const Engine& engine, uint64_t min, uint64_t max);
  SharedMemory(const SharedMemory&);
  SharedMemory(SharedMemory&&) noexcept;
  SharedMemory& operator=(const SharedMemory&);
  SharedMemory& operator=(SharedMemory&&) noexcept;
  ~SharedMemory();

  /// As a memory of the store, whose limits count it; for each store always the same. Not to be called while another
  /// thread has the store.
  Memory in(Store& store) const;
  uint64_t pages() const;  ///< as many as there are now

 private:
  friend struct detail::Access;
  explicit SharedMemory(std::shared_ptr<void> memory);
  std::shared_ptr<void> memory_;
};

/// A table of references. A handle into a store.
class Table {
 public:
  /// A new table of `min` to `max` elements of a reference type, all of them `init`. Errors: Usage for a value of
  /// another type, Limit.
  static Result<Table> make(Store& store, ValueType type, uint64_t min, std::optional<uint64_t> max, const Value& init);

  uint64_t size() const;           ///< in elements
  ValueType element_type() const;  ///< a reference type
  /// Nothing beyond the end.
  std::optional<Value> get(uint64_t index) const;
  /// Errors: Usage for a value of another type or an index beyond the end.
  Status set(uint64_t index, const Value& value) const;
  /// Grows by `delta` elements, all of them `init`; the size before, or nothing when the maximum or a limit forbids it,
  /// or the value is of another type.
  std::optional<uint64_t> grow(uint64_t delta, const Value& init) const;

  friend bool operator==(const Table&, const Table&) = default;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* table_ = nullptr;
};

/// A global variable. A handle into a store.
class Global {
 public:
  /// A new global of the value's type. Aborts when that is a reference of another store.
  static Global make(Store& store, const Value& value, bool is_mutable);

  ValueType type() const;   ///< of its value
  bool is_mutable() const;  ///< whether set() and guests may change it
  Value get() const;        ///< its value now
  /// Errors: Usage for a value of another type, or an immutable global.
  Status set(const Value& value) const;

  friend bool operator==(const Global&, const Global&) = default;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* global_ = nullptr;
};

}  // namespace v0
}  // namespace ashlar
