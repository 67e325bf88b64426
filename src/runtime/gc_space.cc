// Reservation of a GC heap and its blocks.
#include "runtime/gc_space.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/error.h"
#include "os/pages.h"

namespace ashlar::runtime {

namespace {

/// Behind the 4 GiB, for the widest access to a field.
constexpr uint64_t kGuard = 64 << 10;

/// Sizes of the tables in front of the descriptors.
constexpr uint64_t kObjectBits = GcSpace::kBase >> 6;
constexpr uint64_t kLineBytes = GcSpace::kBase >> (GcSpace::kLineBits + 3);
constexpr uint64_t kCardBytes = GcSpace::kBase >> (GcSpace::kCardBits + 3);
constexpr uint64_t kCrossingBytes = (GcSpace::kBase >> GcSpace::kChunkBits) * sizeof(uint16_t);
constexpr uint64_t kKindBytes = GcSpace::kBlocks;
constexpr uint64_t kBlockBytes = GcSpace::kBlocks * sizeof(GcSpace::Block);
constexpr uint64_t kTables = 2 * kObjectBits + 2 * kLineBytes + kCardBytes + kCrossingBytes + kKindBytes + kBlockBytes;
constexpr uint64_t kBefore = kTables + static_cast<uint64_t>(-kGcTypesOffset);

/// The address space of a heap.
class Reservation final : public Reusable {
 public:
  static std::unique_ptr<Reservation> make(bool small_pages) {
    uint8_t* base = os::reserve_pages_around(kBefore, GcSpace::kBase + kGuard, GcSpace::kBase);
    if (base == nullptr) return nullptr;
    std::unique_ptr<Reservation> made(new (std::nothrow) Reservation(base));
    if (made == nullptr) {
      os::release_pages(base - kBefore, kBytes);
      return nullptr;
    }
    const bool open =
        os::open_pages(base - kBefore, kBefore) && os::open_pages(base + GcSpace::kHeapStart, GcSpace::kMostBytes);
    if (small_pages) os::keep_pages_small(base - kBefore, kBytes);
    made->small_pages_ = small_pages;
    return open ? std::move(made) : nullptr;
  }
  explicit Reservation(uint8_t* base) : base_(base) { pages_.bind(base - kBefore, kBytes); }
  ~Reservation() override { os::release_pages(base_ - kBefore, kBytes); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  uint8_t* base() const { return base_; }
  /// The system may join pages to large ones, and give memory where nobody wrote: then it is never quiet.
  bool clean(const Cleaning& how) override { return pages_.clean(used_, how.quiet && small_pages_, how.keep); }
  /// Behind so many bytes of the heap nothing was used: looking for pages there would take longest.
  void use(uint64_t bytes) { used_ = kBefore + bytes; }

 private:
  static constexpr uint64_t kBytes = kBefore + GcSpace::kBase + kGuard;
  uint8_t* base_;
  uint64_t used_ = kBytes;
  bool small_pages_ = false;
  ReusedPages pages_;
};

}  // namespace

void GcSpace::set_max_bytes(uint64_t bytes) {
  max_bytes_ = std::min(bytes, kMostBytes);
  max_blocks_ = static_cast<uint32_t>(max_bytes_ >> kBlockBits);
}

bool GcSpace::reserve(uint64_t max_bytes, IdleList* idle, bool small_pages) {
  static_assert(kBefore % (64 << 10) == 0);
  if (!GcRescue::prepare()) return false;
  if (idle != nullptr) reservation_ = idle->take();
  if (reservation_ == nullptr) reservation_ = Reservation::make(small_pages);
  if (reservation_ == nullptr) return false;
  uint8_t* base = static_cast<Reservation&>(*reservation_).base();
  base_ = base;
  set_max_bytes(max_bytes);
  uint8_t* at = base - kBefore;
  const auto table = [&at](auto*& pointer, uint64_t bytes) {
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(at);
    at += bytes;
  };
  table(starts, kObjectBits);
  table(marks, kObjectBits);
  table(lines, kLineBytes);
  table(line_marks, kLineBytes);
  table(cards, kCardBytes);
  table(crossings, kCrossingBytes);
  table(blocks_, kBlockBytes);
  table(kinds_, kKindBytes);
  CHECK(at == base + kGcTypesOffset && kinds_ == base + kGcKindsOffset);
  return true;
}

void GcSpace::give_back(IdleList& idle, const Cleaning& how) {
  base_ = nullptr;
  if (reservation_ != nullptr) static_cast<Reservation&>(*reservation_).use(uint64_t{frontier_} << kBlockBits);
  if (reservation_ != nullptr && reservation_->clean(how)) idle.give(std::move(reservation_));
  reservation_.reset();
}

uint32_t GcSpace::take_one() {
  while (!free_.empty()) {
    const uint32_t i = free_.back();
    free_.pop_back();
    trim_at_ = std::min(trim_at_, free_.size());
    if (kind(i) == Kind::Free) return i;
  }
  return find_run(1);
}

/// First fit; behind all others where no hole is wide enough. 0: none.
uint32_t GcSpace::find_run(uint32_t count) const {
  uint32_t run = 0;
  for (uint32_t i = kHeapStart >> kBlockBits; i < frontier_ && count > 1; ++i) {
    run = kind(i) == Kind::Free ? run + 1 : 0;
    if (run == count) return i + 1 - count;
  }
  // A run that reaches the frontier may go on behind it. All of the range is there, whatever the limit: what is used
  // may lie far apart.
  const uint64_t end = (uint64_t{kHeapStart} + kMostBytes) >> kBlockBits;
  const uint32_t first = frontier_ - run;
  return first + uint64_t{count} <= end ? first : 0;
}

uint32_t GcSpace::blocks_left() const {
  const uint64_t own = max_blocks_ - in_use_;
  if (account_ == nullptr) return static_cast<uint32_t>(own);
  return static_cast<uint32_t>(std::min(own, account_->left(Resource::GcHeapBytes) >> kBlockBits));
}

uint32_t GcSpace::take(uint32_t count, Kind kind) {
  if (count > max_blocks_ - in_use_) return 0;
  if (account_ != nullptr && !account_->take(Resource::GcHeapBytes, uint64_t{count} << kBlockBits)) return 0;
  const uint32_t first = count == 1 ? take_one() : find_run(count);
  if (first == 0) {
    if (account_ != nullptr) account_->give_back(Resource::GcHeapBytes, uint64_t{count} << kBlockBits);
    return 0;
  }
  set_kind(first, kind);
  blocks_[first].large = count;
  blocks_[first].swept = 1;
  for (uint32_t i = first + 1; i < first + count; ++i) {
    set_kind(i, Kind::LargeTail);
    blocks_[i].large = first;
  }
  in_use_ += count;
  frontier_ = std::max(frontier_, first + count);
  return first;
}

void GcSpace::give(uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < first + count; ++i) {
    set_kind(i, Kind::Free);
    blocks_[i].dirty = 1;
    free_.push_back(i);
  }
  const uint32_t words = kBlockSize >> 9;  // 64-bit words of a block's object bits
  std::memset(starts + uint64_t{first} * words, 0, uint64_t{count} * words * 8);
  std::memset(marks + uint64_t{first} * words, 0, uint64_t{count} * words * 8);
  std::memset(lines + first * (kLines / 64), 0, uint64_t{count} * kLines / 8);
  std::memset(line_marks + first * (kLines / 64), 0, uint64_t{count} * kLines / 8);
  in_use_ -= count;
  if (account_ != nullptr) account_->give_back(Resource::GcHeapBytes, uint64_t{count} << kBlockBits);
}

void GcSpace::clear_starts(uint32_t block) {
  std::memset(starts + uint64_t{block} * (kBlockSize >> 9), 0, kBlockSize >> 6);
}

void GcSpace::trim(uint32_t keep, uint32_t at_most) {
  if (free_.size() <= keep) trim_at_ = 0;
  for (; trim_at_ + keep < free_.size() && at_most != 0; ++trim_at_) {
    const uint32_t i = free_[trim_at_];
    if (kind(i) != Kind::Free || blocks_[i].dirty == 0) continue;
    --at_most;
    if (os::discard_pages(base_ + (uint64_t{i} << kBlockBits), kBlockSize)) blocks_[i].dirty = 0;
  }
}

}  // namespace ashlar::runtime
