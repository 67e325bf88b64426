// Sweeping, the order of a collection's parts, and how fast marking goes.
#include <algorithm>
#include <chrono>

#include "runtime/gc_heap.h"

namespace ashlar::runtime {

namespace {

constexpr uint64_t kMB = 1 << 20;
/// Blocks with fewer free lines are left alone.
constexpr uint32_t kFewLines = 8;
constexpr uint32_t kSweptAtOnce = 64;
/// Memory of free blocks that is kept.
constexpr uint32_t kBlocksKept = 128;
constexpr uint32_t kTrimmedAtOnce = 16;

// Blocks of the nursery. What fits into a second-level cache is enough.
constexpr uint64_t kLeastNursery = 8;
constexpr uint64_t kMostNursery = 32;

uint64_t nanoseconds_since(std::chrono::steady_clock::time_point begin) {
  const auto time = std::chrono::steady_clock::now() - begin;
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

/// Notes how long the collector stops the program.
class Pause {
 public:
  explicit Pause(GcStats& stats) : stats_(stats), begin_(std::chrono::steady_clock::now()) {}
  ~Pause() {
    const uint64_t ns = nanoseconds_since(begin_);
    ++stats_.pauses;
    stats_.pause_ns += ns;
    stats_.longest_ns = std::max(stats_.longest_ns, ns);
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  GcStats& stats_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace

// ---- sweeping ------------------------------------------------------------------------------------------------------

void GcHeap::begin_sweep() {
  set_phase(Phase::Sweeping);
  old_bytes_ = marked_bytes_;
  stats_.live_bytes = marked_bytes_;
  hole_ = {};
  wide_hole_ = {};
  hole_block_ = 0;
  partial_.clear();
  sweep_at_ = GcSpace::kHeapStart >> GcSpace::kBlockBits;
  for (uint32_t i = sweep_at_; i < space_.frontier(); ++i) {
    const GcSpace::Kind kind = space_.kind(i);
    if (kind == GcSpace::Kind::Old || kind == GcSpace::Kind::Large) space_.block(i).swept = 0;
  }
}

void GcHeap::sweep_block(uint32_t block) {
  if (space_.block(block).swept != 0) return;
  const GcSpace::Kind kind = space_.kind(block);
  const GcRef begin = block << GcSpace::kBlockBits;
  if (kind == GcSpace::Kind::Large) {
    if (!GcSpace::test(space_.marks, begin >> 3)) return space_.give(block, space_.block(block).large);
    space_.marks[begin >> 9] = 0;
    space_.block(block).swept = 1;
    return;
  }
  constexpr uint32_t kWords = GcSpace::kBlockSize >> 9;
  constexpr uint32_t kLineWords = GcSpace::kLines / 64;
  uint64_t* starts = space_.starts + uint64_t{block} * kWords;
  uint64_t* marks = space_.marks + uint64_t{block} * kWords;
  uint64_t* lines = space_.lines + block * kLineWords;
  uint64_t* line_marks = space_.line_marks + block * kLineWords;
  uint32_t used = 0;
  for (uint32_t i = 0; i < kLineWords; ++i) used += static_cast<uint32_t>(__builtin_popcountll(line_marks[i]));
  if (used == 0) return space_.give(block, 1);
  std::memcpy(starts, marks, kWords * sizeof(uint64_t));
  std::memset(marks, 0, kWords * sizeof(uint64_t));
  std::memcpy(lines, line_marks, kLineWords * sizeof(uint64_t));
  std::memset(line_marks, 0, kLineWords * sizeof(uint64_t));
  space_.block(block).swept = 1;
  if (GcSpace::kLines - used >= kFewLines) partial_.push_back(block);
  if (!stress_.poison) return;
  for (uint32_t l = 0; l < GcSpace::kLines; ++l) {
    if (!GcSpace::test(lines, l)) std::memset(at(begin, l << GcSpace::kLineBits), 0xdb, GcSpace::kLineSize);
  }
}

/// At most so many blocks. True when all are swept, which ends the cycle.
bool GcHeap::sweep_some(uint32_t blocks) {
  const uint32_t end = space_.frontier();
  for (; sweep_at_ < end; ++sweep_at_) {
    const GcSpace::Kind kind = space_.kind(sweep_at_);
    if (kind != GcSpace::Kind::Old && kind != GcSpace::Kind::Large) continue;
    if (blocks-- == 0) return false;
    sweep_block(sweep_at_);
  }
  set_phase(Phase::Idle);
  ++stats_.major;
  set_pace();
  return true;
}

void GcHeap::finish_sweep() {
  while (phase_ == Phase::Sweeping) sweep_some(~uint32_t{0});
}

/// Marking begins when the old generation has grown by two fifths, and ends before it has grown by two thirds: with
/// what is lost to half-used lines, memory stays below twice of what is live.
void GcHeap::set_pace() {
  const auto live = static_cast<double>(old_bytes_);
  const double most = static_cast<double>(max_bytes_);
  const double room = std::max(most - live, 0.0);
  const double grow = std::min(live * 0.4 + 8 * kMB, room * 0.5);
  const double during = std::min(live * 0.2 + 2 * kMB, room * 0.25) + 1;
  mark_at_ = static_cast<uint64_t>(live + grow);
  mark_ratio_ = std::min((live + grow) / during + 1, 1e6);
}

// ---- collections ---------------------------------------------------------------------------------------------------

/// A nursery that survives takes long to move: it shrinks at once when there was much to do, and grows slowly while
/// there is little. By what was done, not by the clock: a busy machine is no reason to collect more often.
void GcHeap::adapt_nursery(uint64_t objects, uint64_t bytes) {
  constexpr uint64_t kObjectNs = 16;  // about what one takes, and a byte of it
  constexpr uint64_t kBytesPerNs = 4;
  constexpr uint64_t kLong = 400'000;
  constexpr uint64_t kShort = 100'000;
  const uint64_t ns = objects * kObjectNs + bytes / kBytesPerNs;
  const uint64_t most = std::clamp<uint64_t>((max_bytes_ >> GcSpace::kBlockBits) / 4, 1, kMostNursery);
  if (ns > kLong) {
    const uint64_t fit = nursery_blocks_ * kLong / ns;
    nursery_blocks_ = static_cast<uint32_t>(std::clamp<uint64_t>(fit, std::min<uint64_t>(kLeastNursery, most), most));
  } else if (ns < kShort && nursery_blocks_ < most) {
    ++nursery_blocks_;
  }
}

/// A piece of work at each new block of the nursery.
void GcHeap::step() {
  const Pause pause(stats_);
  ++stats_.steps;
  const bool stress = stress_.major_every != 0;
  if (phase_ == Phase::Sweeping) {
    sweep_some(stress ? 1 : kSweptAtOnce);
    return;
  }
  if (stress) return drain_marks(1);  // an object
  // What is owed is done before half of the nursery is used up.
  const uint64_t parts = std::max<uint64_t>(nursery_blocks_ / 2, 1);
  const uint64_t budget = std::clamp<uint64_t>(mark_debt_ / parts, 32 << 10, 256 << 10);
  mark_debt_ -= std::min(mark_debt_, budget);
  drain_marks(budget);
}

void GcHeap::young_and_cycle(const void* sp) {
  const bool marked = phase_ == Phase::Marking && marks_.empty();
  minor(sp, false);
  if (phase_ == Phase::Idle) space_.trim(kBlocksKept, kTrimmedAtOnce);
  if (phase_ == Phase::Idle && (old_bytes_ > mark_at_ || stress_.major_every != 0)) {
    start_marking(sp);
  } else if (marked) {
    finish_marking(sp);
  }
  if (nursery_.size() < std::max(nursery_blocks_ / 4, 1u)) full(sp);
}

void GcHeap::full(const void* sp) {
  minor(sp, true);
  if (phase_ == Phase::Sweeping) finish_sweep();
  // A marking that is under way keeps what has died since it began: another one follows it.
  for (int cycles = phase_ == Phase::Marking ? 2 : 1; cycles > 0; --cycles) {
    if (phase_ == Phase::Idle) start_marking(sp);
    do drain_marks(~uint64_t{0});
    while (!finish_marking(sp));
    finish_sweep();
  }
  // Blocks with little in them hold more than half of the memory.
  const bool sparse = space_.bytes_in_use() > 2 * old_bytes_ + (uint64_t{nursery_blocks_} << GcSpace::kBlockBits);
  if (sparse || stress_.major_every != 0) compact(sp, stress_.major_every != 0);
  fill_nursery();
  // Rather the end than a whole collection for every few objects.
  const uint64_t free = space_.blocks_left() + nursery_.size();
  exhausted_ = free < (max_bytes_ >> GcSpace::kBlockBits) / 64;
}

namespace {

/// Calls f with a stack pointer below the caller's registers.
template <class F>
[[gnu::noinline]] void below(F& f) {
  f(__builtin_frame_address(0));
  asm volatile("" ::: "memory");
}

template <class F>
[[gnu::noinline]] void with_registers_saved(F f) {
  __builtin_unwind_init();
  below(f);
  asm volatile("" ::: "memory");
}

}  // namespace

void GcHeap::collect() {
  if (!ensure() || collecting_) return;
  collecting_ = true;
  with_registers_saved([this](const void* sp) {
    const Pause pause(stats_);
    full(sp);
  });
  collecting_ = false;
  run_finalizers();
}

void GcHeap::collect_young() {
  if (!ensure() || collecting_) return;
  collecting_ = true;
  with_registers_saved([this](const void* sp) {
    const Pause pause(stats_);
    young_and_cycle(sp);
  });
  collecting_ = false;
  run_finalizers();
}

void GcHeap::look(const std::function<void(const void* sp)>& f) {
  CHECK(!collecting_);
  if (base_ == nullptr) return with_registers_saved(f);
  collecting_ = true;
  const bool exhausted = exhausted_;
  with_registers_saved([this, &f](const void* sp) {
    {
      const Pause pause(stats_);
      full(sp);
    }
    f(sp);
  });
  exhausted_ = exhausted;
  collecting_ = false;
  run_finalizers();
}

void GcHeap::run_finalizers() {
  stats_.peak_bytes = std::max(stats_.peak_bytes, space_.bytes_in_use());
  if (stress_.minor_every + stress_.major_every != 0) cursor_->limit = cursor_->top;
  if (dead_hosts_.empty()) return;
  stats_.finalized += dead_hosts_.size();
  if (finalizer_) {
    for (uint64_t value : dead_hosts_) finalizer_(value);
  }
  dead_hosts_.clear();
}

void GcHeap::finalize_all() {
  for (GcList<GcRef>* hosts : {&young_hosts_, &old_hosts_}) {
    for (GcRef r : *hosts) dead_hosts_.push_back(host_value(r));
    hosts->clear();
  }
  run_finalizers();
}

void GcHeap::scan_conservative(GcScanner& s, const void* sp) {
  if (stacks_forgotten_) return;
  for (const ScannedRange* range = ranges_; range != nullptr; range = range->next_) {
    const auto* begin = range->slots_ != nullptr ? reinterpret_cast<const uint8_t*>(range->slots_->data())
                                                 : static_cast<const uint8_t*>(range->begin_);
    const uint64_t bytes = range->slots_ != nullptr ? range->slots_->size() * sizeof(Slot) : range->bytes_;
    if (bytes != 0) s.scan(begin, begin + bytes, GcScanner::Insides::Addresses);
  }
  roots_->scan_stacks(s, sp);
}

void GcHeap::for_each_object(const std::function<void(GcRef, const GcHeader&, uint64_t bytes)>& f) {
  collect();
  if (base_ == nullptr) return;
  const uint32_t end = space_.frontier();
  for (uint32_t block = GcSpace::kHeapStart >> GcSpace::kBlockBits; block < end; ++block) {
    const GcSpace::Kind kind = space_.kind(block);
    if (kind != GcSpace::Kind::Old && kind != GcSpace::Kind::Large) continue;
    space_.for_each_start_of(block, [&](GcRef r) { f(r, *header(r), space_.object_size(*header(r))); });
  }
}

}  // namespace ashlar::runtime
