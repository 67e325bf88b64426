// Address space of a GC heap: blocks, their tables, and who has which block.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/gc_layout.h"
#include "runtime/gc_list.h"
#include "runtime/ledger.h"
#include "runtime/reusable.h"

namespace ashlar::runtime {

/// What generated code allocates by: objects of the young generation go to [top, limit).
struct GcCursor {
  uint32_t top;
  uint32_t limit;
};

/// From the heap's base, in bytes. Generated code relies on these: a change needs a new artifact version.
inline constexpr int32_t kGcCursorOffset = -64;
inline constexpr int32_t kGcMarkingOffset = -56;  ///< u32: not 0 while the old generation is marked
inline constexpr int64_t kGcTypesOffset = -(int64_t{kMaxGcTypes} * 64) - (64 << 10);

/// By 32 KiB of the heap a byte: GcSpace::Kind. Bit 0: young objects.
inline constexpr int64_t kGcKindsOffset = kGcTypesOffset - (int64_t{1} << 17);

/// A reservation, from low to high addresses:
///   tables of the collector | descriptors of types | cursor | 4 GiB: nothing, blocks from kHeapStart on | guard
/// The base is a multiple of 4 GiB: the low half of any address of an object is its reference. Below kHeapStart lies
/// nothing, so that small numbers on a stack are no references.
class GcSpace {
 public:
  static constexpr uint64_t kBase = 1ull << 32;
  static constexpr uint32_t kBlockBits = 15;
  static constexpr uint32_t kBlockSize = 1u << kBlockBits;
  static constexpr uint32_t kBlocks = kBase >> kBlockBits;
  static constexpr uint32_t kLineBits = 7;
  static constexpr uint32_t kLineSize = 1u << kLineBits;
  static constexpr uint32_t kLines = kBlockSize >> kLineBits;  ///< of a block
  static constexpr uint32_t kCardBits = 2;                     ///< a card is one reference
  static constexpr uint32_t kHeapStart = 64u << 20;
  static constexpr uint64_t kMostBytes = kBase - kHeapStart - kBlockSize;

  /// What a block is used for. Pinned: was of the nursery, and keeps those of its objects to which a stack refers; they
  /// are young. Large: the first of an object's own blocks; LargeTail: those behind.
  enum class Kind : uint8_t { Free = 0, Nursery = 1, Old = 2, LargeYoung = 3, Large = 4, Pinned = 5, LargeTail = 6 };

  struct Block {
    uint32_t large;       ///< Large, LargeYoung: number of blocks; LargeTail: the first one
    uint16_t used_words;  ///< Nursery: 8-byte words of it that hold objects
    uint8_t dirty;        ///< was in use: does not read as zero
    uint8_t swept;        ///< Old, Large: marks of the last cycle are worked in
  };

  GcSpace() = default;
  GcSpace(const GcSpace&) = delete;
  GcSpace& operator=(const GcSpace&) = delete;

  /// False when there is no address space. `max_bytes`: of all blocks in use. `idle`: reservations to use again, or
  /// null. `small_pages`: os::keep_pages_small() for a new one.
  bool reserve(uint64_t max_bytes, IdleList* idle, bool small_pages);
  /// Ends its use; others may use the reservation.
  void give_back(IdleList& idle, const Cleaning& how);

  uint8_t* base() const { return base_; }
  GcCursor& cursor() const { return *reinterpret_cast<GcCursor*>(base_ + kGcCursorOffset); }
  GcTypeDesc& desc(uint32_t type_id) const {
    return *reinterpret_cast<GcTypeDesc*>(base_ + kGcTypesOffset + int64_t{type_id} * 64);
  }
  GcHeader* header(GcRef r) const { return reinterpret_cast<GcHeader*>(base_ + r); }
  /// Bytes of an object, rounded up to 8.
  uint64_t object_size(const GcHeader& h) const {
    const uint32_t id = h.type_id();
    if (id < kMaxGcTypes) [[likely]] {
      const GcTypeDesc& d = desc(id);
      if (d.kind == GcTypeDesc::Struct) return d.size;
      return (sizeof(GcHeader) + uint64_t{h.length} * d.size + 7) & ~uint64_t{7};
    }
    if (id == kExnType) return 16 + uint64_t{h.length} * sizeof(Slot);
    return 16;
  }

  /// Its descriptor, when r is a struct whose references are all in GcTypeDesc::refs, as most objects are.
  const GcTypeDesc* struct_with_few_refs(GcRef r) const {
    const uint32_t id = header(r)->type_id();
    if (id >= kMaxGcTypes) return nullptr;
    const GcTypeDesc& d = desc(id);
    return d.kind == GcTypeDesc::Struct && d.has_refs <= 1 ? &d : nullptr;
  }

  Kind kind(uint32_t block) const { return static_cast<Kind>(kinds_[block]); }
  /// Not of null and numbers.
  bool is_young(GcRef r) const { return (kinds_[r >> kBlockBits] & 1) != 0; }
  uint32_t& marking() const { return *reinterpret_cast<uint32_t*>(base_ + kGcMarkingOffset); }
  Kind kind_of(GcRef r) const { return kind(r >> kBlockBits); }
  void set_kind(uint32_t block, Kind kind) { kinds_[block] = static_cast<uint8_t>(kind); }
  Block& block(uint32_t i) { return blocks_[i]; }
  const Block& block(uint32_t i) const { return blocks_[i]; }

  /// Whole blocks one behind the other, with `kind` for the first and LargeTail for the rest; 0 when the limit is
  /// reached or no such range is free.
  uint32_t take(uint32_t count, Kind kind);
  void give(uint32_t first, uint32_t count);
  void clear_starts(uint32_t block);
  /// Returns memory of free blocks to the system, of `at_most` at a time, but for `keep` of them.
  void trim(uint32_t keep, uint32_t at_most);

  uint64_t bytes_in_use() const { return uint64_t{in_use_} << kBlockBits; }
  uint64_t max_bytes() const { return max_bytes_; }
  void set_max_bytes(uint64_t bytes);
  uint32_t blocks_left() const;
  /// What takes blocks into account, too; null: nothing.
  void set_account(Account* account) { account_ = account; }
  /// Blocks were used up to here, exclusive.
  uint32_t frontier() const { return frontier_; }

  // Bits by object: where objects of the old generation begin, and which of them are marked.
  static bool test(const uint64_t* bits, uint32_t i) { return (bits[i >> 6] >> (i & 63) & 1) != 0; }
  static void set(uint64_t* bits, uint32_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
  /// Whether the bit was clear.
  static bool set_new(uint64_t* bits, uint32_t i) {
    const uint64_t bit = uint64_t{1} << (i & 63);
    uint64_t& word = bits[i >> 6];
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  }
  uint64_t* starts = nullptr;      ///< bit r >> 3
  uint64_t* marks = nullptr;       ///< bit r >> 3
  uint64_t* lines = nullptr;       ///< bit r >> kLineBits: in use
  uint64_t* line_marks = nullptr;  ///< bit r >> kLineBits: of marked objects
  uint64_t* cards = nullptr;       ///< bit r >> kCardBits: written since the last collection
  /// By 4 KiB of a nursery block: words from there to the first object that begins in it; 512: none does.
  uint16_t* crossings = nullptr;
  static constexpr uint32_t kChunkBits = 12;

  /// Calls f with each object that `starts` says begins in [begin, end), multiples of 512, ascending. f may take back
  /// the bit of the object that it gets, and set others.
  template <class F>
  void for_each_start(uint64_t begin, uint64_t end, F f) const {
    for (uint64_t i = begin >> 9; i < end >> 9; ++i) {
      for (uint64_t word = starts[i]; word != 0; word &= word - 1) {
        f(static_cast<GcRef>((i << 9) + static_cast<uint32_t>(__builtin_ctzll(word)) * 8));
      }
    }
  }
  template <class F>
  void for_each_start_of(uint32_t block, F f) const {
    for_each_start(uint64_t{block} << kBlockBits, (uint64_t{block} + 1) << kBlockBits, f);
  }

  /// Marks the lines that [r, r + bytes) touches.
  static void set_lines(uint64_t* bits, GcRef r, uint64_t bytes) {
    const uint32_t last = static_cast<uint32_t>((r + bytes - 1) >> kLineBits);
    for (uint32_t l = r >> kLineBits; l <= last; ++l) set(bits, l);
  }

 private:
  std::unique_ptr<Reusable> reservation_;
  uint8_t* base_ = nullptr;
  uint8_t* kinds_ = nullptr;
  Block* blocks_ = nullptr;
  uint64_t max_bytes_ = 0;
  Account* account_ = nullptr;
  uint32_t max_blocks_ = 0;
  uint32_t in_use_ = 0;
  uint32_t frontier_ = kHeapStart >> kBlockBits;
  GcList<uint32_t> free_;  ///< may hold blocks that are not free any more
  size_t trim_at_ = 0;     ///< before it the memory of free_ is returned
  uint32_t take_one();
  uint32_t find_run(uint32_t count) const;
};

}  // namespace ashlar::runtime
