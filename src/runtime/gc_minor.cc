// Collection of the young generation: what is reachable moves to old blocks, what stacks refer to stays where it is,
// and young. Its block keeps nothing else until a later collection finds no such object in it.
#include <algorithm>

#include "runtime/gc_heap.h"

namespace ashlar::runtime {

/// One minor collection.
class GcMinor final : public GcVisitor, public GcScanner {
 public:
  /// `settle`: what stays where it is becomes old there, so that no young object is left.
  GcMinor(GcHeap& heap, bool settle)
      : h_(heap), base_(heap.base_), marking_(heap.phase_ == GcHeap::Phase::Marking), settle_(settle) {}

  void run(const void* sp);
  bool visit(GcRef& r) override {
    met_young_ = false;
    evacuate(r);
    return met_young_;
  }
  void scan(const void* begin, const void* end, Insides insides) override;

 private:
  using Kind = GcSpace::Kind;

  void pin(GcRef r);
  void evacuate(GcRef& slot);
  void evacuate_out_of_line(GcRef& slot);
  GcRef move(GcRef r, const GcHeader& from);
  void promoted(GcRef r, uint64_t bytes);
  void scan_object(GcRef r);
  void scan_remembered();
  void scan_cards();
  void drain();
  void settle_large();
  void settle_hosts();
  void settle_pinned();
  void keep_in_place(GcRef r);

  GcHeap& h_;
  uint8_t* const base_;
  const bool marking_;
  const bool settle_;
  bool met_young_ = false;  ///< a reference to what stays young was met
  GcList<GcRef> pending_;   ///< promoted, to be scanned
  GcList<GcRef> pinned_;
  uint64_t promoted_bytes_ = 0;
  uint64_t promoted_objects_ = 0;
  uint64_t waste_ = 0;        ///< blocks of objects that became old where they are: until they are swept
  GcList<GcRef> remembered_;  ///< old objects that refer to young ones still
};

/// Reads stacks, of which sanitizers have an opinion.
[[gnu::no_sanitize("address", "thread")]] void GcMinor::scan(const void* begin, const void* end, Insides insides) {
  const auto* const last = static_cast<const uint32_t*>(end);
  for (const auto* p = static_cast<const uint32_t*>(begin); p < last; ++p) {
    const uint32_t word = *p;
    if (word < GcSpace::kHeapStart) continue;
    const Kind kind = h_.space_.kind_of(word);
    if (kind == Kind::Nursery) {
      const GcRef r = h_.find_in_nursery(word);
      if (r != kNullRef && (r == word || h_.may_be_inside(p, last, insides))) pin(r);
    } else if (kind == Kind::Pinned) {
      const GcRef r = h_.find_in_old(word);
      if (r != kNullRef && (r == word || h_.may_be_inside(p, last, insides))) pin(r);
    } else if (kind == Kind::LargeYoung || kind == Kind::LargeTail) [[unlikely]] {
      GcRef r = h_.find_object(word);
      if (r != kNullRef && (r == word || h_.may_be_inside(p, last, insides))) evacuate(r);
    }
  }
}

void GcMinor::pin(GcRef r) {
  GcHeader& header = *h_.header(r);
  if ((header.type & GcHeader::kPinned) != 0) return;
  keep_in_place(r);
}

void GcMinor::keep_in_place(GcRef r) {
  GcHeader& header = *h_.header(r);
  header.type |= GcHeader::kPinned;
  pinned_.push_back(r);
  pending_.push_back(r);
}

inline void GcMinor::promoted(GcRef r, uint64_t bytes) {
  promoted_bytes_ += bytes;
  ++promoted_objects_;
  GcSpace::set(h_.space_.starts, r >> 3);
  if (!marking_) return;
  // All that it refers to is met now: it counts as marked and scanned.
  GcSpace::set(h_.space_.marks, r >> 3);
  GcSpace::set_lines(h_.space_.line_marks, r, bytes);
  h_.marked_bytes_ += bytes;
}

/// Without room for it the object stays where it is, which needs none.
[[gnu::always_inline]] inline GcRef GcMinor::move(GcRef r, const GcHeader& from) {
  const uint64_t bytes = h_.space_.object_size(from);
  const GcRef to = h_.alloc_old(bytes);
  if (to == kNullRef) [[unlikely]] {
    keep_in_place(r);
    return r;
  }
  // Header words as one: type below, length above.
  auto* out = reinterpret_cast<uint64_t*>(base_ + to);
  auto* in = reinterpret_cast<uint64_t*>(base_ + r);
  const uint64_t header = in[0];
  out[0] = header | GcHeader::kClean;
  for (uint64_t i = 1; i < bytes / 8; ++i) out[i] = in[i];
  in[0] = static_cast<uint32_t>(header) | GcHeader::kForwarded | uint64_t{to} << 32;
  promoted(to, bytes);
  pending_.push_back(to);
  return to;
}

/// What is met of the old generation is marked meanwhile: what was written may refer to what the marker has not met.
[[gnu::always_inline]] inline void GcMinor::evacuate(GcRef& slot) {
  const GcRef r = slot;
  if (r == kNullRef || is_i31(r)) return;
  const Kind kind = h_.space_.kind_of(r);
  if (kind == Kind::Nursery || kind == Kind::Pinned) {
    const GcHeader& header = *h_.header(r);
    if ((header.type & GcHeader::kForwarded) != 0) {
      slot = header.length;
      return;
    }
    if ((header.type & GcHeader::kPinned) == 0) slot = move(r, header);
    if (slot == r && kind == Kind::Nursery) met_young_ = true;
  } else if (kind == Kind::LargeYoung) {
    h_.space_.set_kind(r >> GcSpace::kBlockBits, Kind::Large);
  } else if (marking_) {
    h_.mark(r);
  }
}

[[gnu::noinline]] void GcMinor::evacuate_out_of_line(GcRef& slot) { evacuate(slot); }

/// An old object with a young one in it is remembered for the next collection too; also one that becomes old where it
/// is.
void GcMinor::scan_object(GcRef r) {
  met_young_ = false;
  const GcTypeDesc* d = h_.space_.struct_with_few_refs(r);
  if (d != nullptr) [[likely]] {
    auto* fields = reinterpret_cast<GcRef*>(base_ + r + sizeof(GcHeader));
    for (uint64_t bits = d->refs; bits != 0; bits &= bits - 1) evacuate(fields[__builtin_ctzll(bits)]);
  } else {
    h_.for_each_ref(r, [this](GcRef& slot) { evacuate_out_of_line(slot); });
  }
  if (!met_young_ || settle_) return;
  const bool is_old = (h_.header(r)->type & GcHeader::kClean) != 0 || h_.space_.kind_of(r) == Kind::Pinned;
  if (is_old) remembered_.push_back(r);
}

void GcMinor::scan_remembered() {
  for (GcRef r : h_.remembered_) {
    h_.header(r)->type |= GcHeader::kClean;
    scan_object(r);
  }
  h_.remembered_.clear();
}

void GcMinor::scan_cards() {
  std::erase_if(h_.dirty_cards_, [this](uint32_t card) {
    if (visit(*reinterpret_cast<GcRef*>(base_ + (uint64_t{card} << GcSpace::kCardBits))) && !settle_) return false;
    h_.space_.cards[card >> 6] &= ~(uint64_t{1} << (card & 63));
    return true;
  });
}

void GcMinor::drain() {
  while (!pending_.empty()) {
    const GcRef r = pending_.back();
    pending_.pop_back();
    scan_object(r);
  }
}

/// Large objects without references that were met are old now; the others go.
void GcMinor::settle_large() {
  for (GcRef r : h_.large_young_) {
    const uint32_t block = r >> GcSpace::kBlockBits;
    if (h_.space_.kind(block) == Kind::Large) {
      const uint64_t bytes = h_.space_.object_size(*h_.header(r));
      promoted_bytes_ += bytes;
      if (marking_ && GcSpace::set_new(h_.space_.marks, r >> 3)) h_.marked_bytes_ += bytes;
      h_.header(r)->type |= GcHeader::kClean;
    } else {
      h_.space_.give(block, h_.space_.block(block).large);
    }
  }
  h_.large_young_.clear();
  h_.large_young_bytes_ = 0;
}

void GcMinor::settle_hosts() {
  std::erase_if(h_.young_hosts_, [this](GcRef r) {
    const GcHeader& header = *h_.header(r);
    if ((header.type & GcHeader::kForwarded) != 0) {
      h_.old_hosts_.push_back(header.length);
    } else if ((header.type & GcHeader::kPinned) == 0) {
      h_.dead_hosts_.push_back(h_.host_value(r));
    } else if (settle_ || h_.space_.kind_of(r) == Kind::Pinned) {
      h_.old_hosts_.push_back(r);
    } else {
      return false;
    }
    return true;
  });
}

/// Whoever stays for the first time is young still, and its block is set aside: from now on its start bits say what
/// lies in it. For the second time it becomes old where it is: many old objects may refer to it, and would all be
/// looked at in each collection.
void GcMinor::settle_pinned() {
  const GcList<uint32_t> before = std::move(h_.pinned_blocks_);
  h_.pinned_blocks_.clear();
  for (uint32_t block : before) h_.space_.clear_starts(block);
  for (GcRef r : pinned_) {
    GcHeader& header = *h_.header(r);
    header.type &= ~GcHeader::kPinned;
    const uint32_t block = r >> GcSpace::kBlockBits;
    if (h_.space_.kind(block) == Kind::Nursery && !settle_) {
      GcSpace::set(h_.space_.starts, r >> 3);
      h_.pinned_blocks_.push_back(block);
      continue;
    }
    header.type |= GcHeader::kClean;
    const uint64_t bytes = h_.space_.object_size(header);
    promoted(r, bytes);
    GcSpace::set_lines(h_.space_.lines, r, bytes);
    if (h_.space_.kind(block) == Kind::Old) continue;
    h_.space_.set_kind(block, Kind::Old);
    h_.space_.block(block).swept = 1;
    h_.partial_.push_back(block);
    waste_ += GcSpace::kBlockSize;
  }
  for (uint32_t block : before) {
    if (h_.space_.kind(block) != Kind::Pinned) continue;
    h_.space_.set_kind(block, Kind::Nursery);
    h_.nursery_.push_back(block);
  }
  std::sort(h_.pinned_blocks_.begin(), h_.pinned_blocks_.end());
  h_.pinned_blocks_.erase(std::unique(h_.pinned_blocks_.begin(), h_.pinned_blocks_.end()), h_.pinned_blocks_.end());
  for (uint32_t block : h_.pinned_blocks_) {
    h_.space_.set_kind(block, Kind::Pinned);
    h_.space_.block(block).swept = 1;
  }
  std::erase_if(h_.nursery_, [this](uint32_t block) { return h_.space_.kind(block) != Kind::Nursery; });
  if (!h_.stress_.poison) return;
  for (uint32_t block : h_.nursery_) {
    std::memset(base_ + (uint64_t{block} << GcSpace::kBlockBits), 0xdb, GcSpace::kBlockSize);
  }
}

void GcMinor::run(const void* sp) {
  h_.retire_nursery_block();
  if (h_.roots_ != nullptr) h_.scan_conservative(*this, sp);
  for (GcRef& r : h_.handles_) evacuate(r);
  if (h_.roots_ != nullptr) h_.roots_->visit_roots(*this, GcRootSource::Which::Written);
  scan_remembered();
  scan_cards();
  drain();
  settle_large();
  settle_hosts();
  settle_pinned();
  for (GcRef r : remembered_) h_.header(r)->type &= ~GcHeader::kClean;
  h_.remembered_.swap(remembered_);
  h_.adapt_nursery(promoted_objects_, promoted_bytes_);
  h_.fill_nursery();
  h_.old_bytes_ += promoted_bytes_ + waste_;
  h_.stats_.promoted += promoted_bytes_;
  h_.stats_.pinned += pinned_.size();
  ++h_.stats_.minor;
  if (marking_) h_.mark_debt_ += static_cast<uint64_t>(static_cast<double>(promoted_bytes_) * h_.mark_ratio_);
}

void GcHeap::minor(const void* sp, bool settle) { GcMinor(*this, settle).run(sp); }

}  // namespace ashlar::runtime
