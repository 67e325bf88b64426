// Tables of references: one slot an element, and functions that are put into them when somebody asks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "module/types.h"
#include "runtime/value.h"

namespace ashlar::runtime {

class Instance;

/// Zero until written: a large table of nulls costs memory only where it is written.
struct FreeElements {
  uint64_t bytes = 0;
  void operator()(Slot* p) const;
};
using Elements = std::unique_ptr<Slot[], FreeElements>;

/// Elements of a segment of functions may be deferred: they are null in memory until get() or settle() makes a
/// reference of them, so that a large table costs nothing that is not used. Who reads memory without get() takes a null
/// for "ask get()". What is null for good can't lie among deferred elements: whatever writes a null settles them first.
class Table {
 public:
  static constexpr uint64_t kMaxElements = 10'000'000;

  /// type.elem is canonical; type.limits.min is at most kMaxElements. Without memory for them the size
  /// stays 0.
  Table(const module::TableType& type, Slot init);

  const module::TableType& type() const { return type_; }
  uint64_t size() const { return size_; }
  /// All of them as they are, to be read and written.
  Slot* elems() {
    settle();
    note_all();
    written_ = true;
    return elems_;
  }
  Slot get(uint64_t i) {
    const Slot ref = elems_[i];
    return ref != 0 || deferred_.empty() ? ref : get_deferred(i);
  }
  void set(uint64_t i, Slot v) {
    if (v == 0) settle();
    note(i);
    written_ = true;
    elems_[i] = v;
  }
  /// Whether elements may have changed since the last question; for the collector.
  bool take_written() {
    const bool written = written_;
    written_ = false;
    return written;
  }
  void mark_written() { written_ = true; }
  /// Elements as the collector sees them: references that are no functions, and nothing deferred.
  Slot* raw_elems() { return elems_; }
  /// Functions of `instance` belong at `at` and behind, in bounds: later. False, and nothing done, where that can't be:
  /// the table has other elements already. `funcs` lives as long as the instance.
  bool defer(Instance& instance, std::span<const module::FuncIdx> funcs, uint64_t at);
  /// As it was when it was made with nulls, for another instance. False: it can't be used again.
  bool reset();
  /// Returns the old size or -1 (beyond max, beyond kMaxElements, or no memory). Store::table_grow applies store
  /// limits.
  int64_t grow(uint64_t delta, Slot init);

 private:
  struct Deferred {
    Instance* instance;
    std::span<const module::FuncIdx> funcs;
    uint64_t at;
  };

  Slot* elems_ = nullptr;  ///< first, second members: read by handlers
  uint64_t size_ = 0;
  module::TableType type_;
  uint64_t capacity_ = 0;
  Elements storage_;
  std::vector<Deferred> deferred_;  ///< where two have the same element, the later counts
  bool written_ = true;
  bool untouched_;  ///< nothing was ever there but nulls and what is deferred
  /// Of a large table the elements that are not null, as long as they are few: cleaning those is cheaper than new
  /// pages.
  std::unique_ptr<uint32_t[]> noted_;
  uint32_t noted_count_ = kNotNoted;

  static constexpr uint32_t kMostNoted = 512;
  static constexpr uint32_t kNotNoted = ~uint32_t{0};  ///< any may be
  bool reserve(uint64_t capacity);
  void note(uint64_t i) {
    untouched_ = false;
    if (noted_count_ < kMostNoted) {
      noted_[noted_count_++] = static_cast<uint32_t>(i);
    } else {
      noted_count_ = kNotNoted;
    }
  }
  void note_all() {
    untouched_ = false;
    noted_count_ = kNotNoted;
  }
  bool clear();
  void settle() {
    if (!deferred_.empty()) [[unlikely]]
      settle_deferred();
  }
  [[gnu::noinline]] Slot get_deferred(uint64_t i);
  [[gnu::noinline]] void settle_deferred();
};

}  // namespace ashlar::runtime
