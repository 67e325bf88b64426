// Cleaning of pages, and the lists of idle things.
#include "runtime/reusable.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "os/pages.h"

namespace ashlar::runtime {

namespace {

/// More than so many ranges are written nowhere: an interpreter's request writes a few hundred pages.
constexpr size_t kMostRanges = 1024;
/// Of the shared room nobody has more than this: copying more is no better than page faults.
constexpr uint64_t kMostRoom = 16 << 20;
/// So often what is beyond the own share is kept. Then it is found out anew what is written each time.
constexpr uint32_t kMostTimes = 512;

}  // namespace

bool SharedRoom::change(uint64_t& held, uint64_t wanted) {
  if (wanted > held) {
    const uint64_t more = wanted - held;
    uint64_t left = left_.load(std::memory_order_relaxed);
    do {
      if (left < more) return false;
    } while (!left_.compare_exchange_weak(left, left - more, std::memory_order_relaxed));
  } else if (wanted < held) {
    left_.fetch_add(held - wanted, std::memory_order_relaxed);
  }
  held = wanted;
  return true;
}

void ReusedPages::forget() {
  own_.clear();
  times_ = 0;
  if (room_ != nullptr) room_->change(held_, 0);
}

void ReusedPages::bind(uint8_t* begin, uint64_t bytes, std::span<const uint8_t> contents, SharedRoom* room) {
  forget();
  begin_ = begin;
  bytes_ = bytes;
  contents_ = contents;
  used_ = 0;
  room_ = room;
}

void ReusedPages::refill(uint8_t* from, uint8_t* to) const {
  const auto at = static_cast<uint64_t>(from - begin_);
  const auto size = static_cast<uint64_t>(to - from);
  const uint64_t filled = at < contents_.size() ? std::min(contents_.size() - at, size) : 0;
  if (filled != 0) std::memcpy(from, contents_.data() + at, filled);
  std::memset(from + filled, 0, size - filled);
}

/// Of all pages that may be in memory, or a later quiet store would write what nobody knows of. False: they are too
/// many, or not known.
bool ReusedPages::find_own(uint64_t keep) {
  std::array<os::PageRange, kMostRanges> found;
  const size_t count = os::find_own_pages(begin_, begin_ + used_, found);
  if (count == os::kUnknownPages) return false;
  uint64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) bytes += found[i].bytes();
  const uint64_t more = bytes > keep ? bytes - keep : 0;
  if (more > kMostRoom || (more != 0 && room_ == nullptr)) return false;
  if (room_ != nullptr && !room_->change(held_, more)) return false;
  try {
    own_.assign(found.begin(), found.begin() + static_cast<ptrdiff_t>(count));
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

bool ReusedPages::discard() {
  forget();
  // What is discarded of a private mapping is read from its file again.
  return os::discard_pages(begin_, used_);
}

bool ReusedPages::clean(uint64_t bytes, bool quiet, uint64_t keep) {
  used_ = std::max(used_, bytes);
  if (!quiet && !find_own(keep)) return discard();
  if (held_ != 0 && ++times_ == kMostTimes) return discard();
  uint8_t* const end = begin_ + bytes;
  for (const os::PageRange& own : own_) {
    if (own.begin >= end) break;
    refill(own.begin, std::min(own.end, end));
  }
  return true;
}

namespace {

size_t shard_of_thread(size_t shards) {
  static std::atomic<size_t> threads{0};
  thread_local const size_t own = threads.fetch_add(1, std::memory_order_relaxed);
  return own % shards;
}

}  // namespace

IdleList::~IdleList() {
  for (Shard& shard : shards_) {
    while (shard.first != nullptr) {
      const std::unique_ptr<Reusable> thing(shard.first);
      shard.first = thing->next_;
    }
  }
}

Reusable* IdleList::take_from(Shard& shard, uint64_t kind) {
  std::lock_guard lock(shard.mutex);
  for (Reusable** link = &shard.first; *link != nullptr; link = &(*link)->next_) {
    Reusable* found = *link;
    if (found->kind_ != kind) continue;
    *link = found->next_;
    shard.least = std::min(shard.least, --shard.count);
    return found;
  }
  return nullptr;
}

std::unique_ptr<Reusable> IdleList::take(uint64_t kind) {
  if (count_.load(std::memory_order_relaxed) == 0) return nullptr;
  const size_t own = shard_of_thread(kShards);
  for (size_t i = 0; i < kShards; ++i) {
    Reusable* found = take_from(shards_[(own + i) % kShards], kind);
    if (found == nullptr) continue;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return std::unique_ptr<Reusable>(found);
  }
  return nullptr;
}

void IdleList::give(std::unique_ptr<Reusable> thing, uint64_t kind) {
  if (count_.fetch_add(1, std::memory_order_relaxed) >= most_) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  thing->kind_ = kind;
  Shard& shard = shards_[shard_of_thread(kShards)];
  std::lock_guard lock(shard.mutex);
  thing->next_ = shard.first;
  shard.first = thing.release();
  ++shard.count;
}

// The last one that was given is the first to be taken: those behind `least` were there all the time.
std::vector<std::unique_ptr<Reusable>> IdleList::take_unused(uint64_t keep) {
  std::vector<std::unique_ptr<Reusable>> out;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    const uint64_t unused = shard.least - std::min(shard.least, keep);
    out.reserve(out.size() + unused);
    shard.count -= unused;
    shard.least = shard.count;
    if (unused == 0) continue;
    Reusable** link = &shard.first;
    for (uint64_t i = 0; i < shard.count; ++i) link = &(*link)->next_;
    for (Reusable* gone = std::exchange(*link, nullptr); gone != nullptr;) {
      Reusable* const next = gone->next_;
      out.emplace_back(gone);
      gone = next;
    }
    count_.fetch_sub(unused, std::memory_order_relaxed);
  }
  return out;
}

}  // namespace ashlar::runtime
