// Compaction: when the heap is nearly full, or somebody asks for it, what lies in half-empty old blocks moves together.
#include <algorithm>

#include "runtime/gc_heap.h"

namespace ashlar::runtime {

/// One compaction, with the program stopped: everything is swept and no young object exists.
class GcCompactor final : public GcVisitor, public GcScanner {
 public:
  GcCompactor(GcHeap& heap, bool everything) : h_(heap), sparse_(heap.space_.frontier()), everything_(everything) {}

  void run(const void* sp);
  bool visit(GcRef& r) override {
    update(r);
    return false;
  }
  /// What a stack refers to stays, with its whole block.
  [[gnu::no_sanitize("address", "thread")]] void scan(const void* begin, const void* end, Insides) override {
    const auto* const last = static_cast<const uint32_t*>(end);
    for (const auto* p = static_cast<const uint32_t*>(begin); p < last; ++p) {
      const uint32_t block = *p >> GcSpace::kBlockBits;
      if (block < sparse_.size()) sparse_[block] = 0;
    }
  }

 private:
  using Kind = GcSpace::Kind;

  void choose();
  void prepare_holes();
  bool empty_block(uint32_t block);
  void update(GcRef& r) {
    if (r == kNullRef || is_i31(r)) return;
    if (sparse_[r >> GcSpace::kBlockBits] == 0) return;
    const GcHeader& header = *h_.header(r);
    if ((header.type & GcHeader::kForwarded) != 0) r = header.length;
  }
  void update_all();
  void free_emptied(uint32_t block);
  GcHeap& h_;
  GcList<uint8_t> sparse_;  ///< by block: its objects move
  const bool everything_;
};

void GcCompactor::choose() {
  const uint32_t most = everything_ ? GcSpace::kLines : GcSpace::kLines / 2;
  for (uint32_t i = GcSpace::kHeapStart >> GcSpace::kBlockBits; i < sparse_.size(); ++i) {
    if (h_.space_.kind(i) != Kind::Old) continue;
    uint32_t used = 0;
    for (uint32_t w = 0; w < GcSpace::kLines / 64; ++w) {
      used += static_cast<uint32_t>(__builtin_popcountll(h_.space_.lines[i * (GcSpace::kLines / 64) + w]));
    }
    sparse_[i] = used <= most ? 1 : 0;
  }
}

/// Objects move to blocks that stay, and to free ones.
void GcCompactor::prepare_holes() {
  h_.hole_ = {};
  h_.wide_hole_ = {};
  h_.hole_block_ = 0;
  std::erase_if(h_.partial_, [this](uint32_t block) { return sparse_[block] != 0; });
}

/// False: no room.
bool GcCompactor::empty_block(uint32_t block) {
  bool all = true;
  h_.space_.for_each_start_of(block, [&](GcRef r) {
    if (!all) return;
    GcHeader& from = *h_.header(r);
    const uint64_t bytes = h_.space_.object_size(from);
    const GcRef to = h_.alloc_old(bytes);
    if (to == kNullRef) {
      all = false;
      return;
    }
    std::memcpy(h_.header(to), &from, bytes);
    GcSpace::set(h_.space_.starts, to >> 3);
    from.type |= GcHeader::kForwarded;
    from.length = to;
  });
  return all;
}

void GcCompactor::update_all() {
  for (GcRef& r : h_.handles_) update(r);
  for (GcRef& r : h_.old_hosts_) update(r);
  if (h_.roots_ != nullptr) h_.roots_->visit_roots(*this, GcRootSource::Which::All);
  const uint32_t end = h_.space_.frontier();
  for (uint32_t i = GcSpace::kHeapStart >> GcSpace::kBlockBits; i < end; ++i) {
    if (h_.space_.kind(i) != Kind::Old && h_.space_.kind(i) != Kind::Large) continue;
    h_.space_.for_each_start_of(i, [&](GcRef r) {
      if ((h_.header(r)->type & GcHeader::kForwarded) != 0) return;
      h_.for_each_ref(r, [this](GcRef& slot) { update(slot); });
    });
  }
}

/// Of a block that could not be emptied, what has moved is nothing any more.
void GcCompactor::free_emptied(uint32_t block) {
  bool empty = true;
  h_.space_.for_each_start_of(block, [&](GcRef r) {
    if ((h_.header(r)->type & GcHeader::kForwarded) == 0) {
      empty = false;
      return;
    }
    h_.space_.starts[r >> 9] &= ~(uint64_t{1} << (r >> 3 & 63));
  });
  if (h_.stress_.poison && empty) {
    std::memset(h_.base_ + (uint64_t{block} << GcSpace::kBlockBits), 0xdb, GcSpace::kBlockSize);
  }
  if (empty) h_.space_.give(block, 1);
}

void GcCompactor::run(const void* sp) {
  choose();
  if (h_.roots_ != nullptr) h_.scan_conservative(*this, sp);
  prepare_holes();
  const auto end = static_cast<uint32_t>(sparse_.size());
  bool room = true;
  for (uint32_t i = GcSpace::kHeapStart >> GcSpace::kBlockBits; i < end && room; ++i) {
    if (sparse_[i] != 0) room = empty_block(i);
  }
  // Blocks that were taken meanwhile.
  sparse_.resize(h_.space_.frontier());
  update_all();
  for (uint32_t i = 0; i < end; ++i) {
    if (sparse_[i] != 0) free_emptied(i);
  }
  h_.hole_ = {};
  h_.wide_hole_ = {};
  h_.hole_block_ = 0;
  ++h_.stats_.compactions;
}

void GcHeap::compact(const void* sp, bool everything) { GcCompactor(*this, everything).run(sp); }

}  // namespace ashlar::runtime
