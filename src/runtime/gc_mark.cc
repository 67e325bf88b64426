// Marking of the old generation, a little at a time. New references in marked objects are found because writes are
// logged: minor collections look at what was written. Stacks and other roots are looked at again at the end.
#include <algorithm>

#include "runtime/gc_heap.h"

namespace ashlar::runtime {

namespace {

/// Elements of an array that are looked at in one piece.
constexpr uint32_t kPiece = 4096;
/// Objects whose headers are on their way to the cache.
constexpr uint32_t kAhead = 8;
/// What the last stop of a marking may mark; where more is left, the program goes on first.
constexpr uint64_t kLastBytes = 512 << 10;

}  // namespace

/// Marks what roots refer to.
class GcMarker final : public GcVisitor, public GcScanner {
 public:
  explicit GcMarker(GcHeap& heap) : h_(heap) {}
  bool visit(GcRef& r) override {
    h_.mark(r);
    return h_.space_.is_young(r) && !is_i31(r);
  }
  [[gnu::no_sanitize("address", "thread")]] void scan(const void* begin, const void* end, Insides insides) override {
    const auto* const last = static_cast<const uint32_t*>(end);
    for (const auto* p = static_cast<const uint32_t*>(begin); p < last; ++p) {
      if (*p < GcSpace::kHeapStart || h_.space_.kind_of(*p) == GcSpace::Kind::Free) continue;
      const GcRef r = h_.find_object(*p);
      if (r == *p || h_.may_be_inside(p, last, insides)) h_.mark(r);
    }
  }
  void mark_roots(const void* sp) {
    for (GcRef r : h_.handles_) h_.mark(r);
    if (h_.roots_ == nullptr) return;
    h_.scan_conservative(*this, sp);
    h_.roots_->visit_roots(*this, GcRootSource::Which::All);
  }

 private:
  GcHeap& h_;
};

/// Looks at what the object refers to, or at a piece of it. Returns the bytes that were looked at.
uint64_t GcHeap::scan_marked(uint64_t entry) {
  const auto r = static_cast<GcRef>(entry);
  const auto first = static_cast<uint32_t>(entry >> 32);
  const GcHeader& h = *header(r);
  uint64_t bytes = 16;
  if (first == 0) {
    bytes = space_.object_size(h);
    marked_bytes_ += bytes;
    if (space_.kind_of(r) == GcSpace::Kind::Old) GcSpace::set_lines(space_.line_marks, r, bytes);
  }
  if (const GcTypeDesc* d = space_.struct_with_few_refs(r); d != nullptr) [[likely]] {
    const auto* fields = reinterpret_cast<const GcRef*>(base_ + r + sizeof(GcHeader));
    for (uint64_t bits = d->refs; bits != 0; bits &= bits - 1) mark(fields[__builtin_ctzll(bits)]);
    return bytes;
  }
  const bool long_array = h.length > kPiece && h.type_id() < kMaxGcTypes;
  if (!long_array) {
    for_each_ref(r, [this](GcRef& slot) { mark(slot); });
    return bytes;
  }
  if (space_.desc(h.type_id()).has_refs == 0) return 64;
  const uint32_t count = std::min(kPiece, h.length - first);
  if (first + count < h.length) marks_.push_back(r | uint64_t{first + count} << 32);
  const auto* p = reinterpret_cast<const GcRef*>(elements(r)) + first;
  for (uint32_t i = 0; i < count; ++i) mark(p[i]);
  return uint64_t{count} * sizeof(GcRef);
}

void GcHeap::drain_marks(uint64_t budget) {
  uint64_t ahead[kAhead];
  uint32_t at = 0;
  uint32_t count = 0;
  for (uint64_t done = 0; done < budget;) {
    for (; count < kAhead && !marks_.empty(); ++count) {
      const uint64_t next = marks_.back();
      marks_.pop_back();
      __builtin_prefetch(base_ + static_cast<GcRef>(next));
      ahead[(at + count) % kAhead] = next;
    }
    if (count == 0) return;
    done += scan_marked(ahead[at]);
    at = (at + 1) % kAhead;
    --count;
  }
  for (; count != 0; --count) {
    marks_.push_back(ahead[at]);
    at = (at + 1) % kAhead;
  }
}

/// Everything is swept. What young objects refer to is marked by the minor collection that precedes the end.
void GcHeap::start_marking(const void* sp) {
  set_phase(Phase::Marking);
  marked_bytes_ = 0;
  mark_debt_ = 0;
  GcMarker(*this).mark_roots(sp);
}

/// After a minor collection, when nothing is left to scan. False: there was more to mark.
bool GcHeap::finish_marking(const void* sp) {
  GcMarker(*this).mark_roots(sp);
  drain_marks(kLastBytes);
  if (!marks_.empty()) return false;
  std::erase_if(old_hosts_, [this](GcRef r) {
    const bool dead = !GcSpace::test(space_.marks, r >> 3);
    if (dead) dead_hosts_.push_back(host_value(r));
    return dead;
  });
  forget_dead();
  begin_sweep();
  return true;
}

/// What was written and refers to a young object still, but has died: its memory is about to be used again.
void GcHeap::forget_dead() {
  std::erase_if(remembered_, [this](GcRef r) { return !GcSpace::test(space_.marks, r >> 3); });
  std::erase_if(dirty_cards_, [this](uint32_t card) {
    const GcRef array = find_object(card << GcSpace::kCardBits);
    if (array != kNullRef && GcSpace::test(space_.marks, array >> 3)) return false;
    space_.cards[card >> 6] &= ~(uint64_t{1} << (card & 63));
    return true;
  });
}

}  // namespace ashlar::runtime
