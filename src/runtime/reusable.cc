// Cleaning of pages, and the lists of idle things.
#include "runtime/reusable.h"

#include <algorithm>
#include <cstring>

#include "os/pages.h"

namespace ashlar::runtime {

void ReusedPages::bind(uint8_t* begin, uint64_t bytes, std::span<const uint8_t> contents) {
  begin_ = begin;
  bytes_ = bytes;
  contents_ = contents;
  used_ = 0;
  own_count_ = 0;
}

void ReusedPages::refill(uint8_t* from, uint8_t* to) const {
  const auto at = static_cast<uint64_t>(from - begin_);
  const auto size = static_cast<uint64_t>(to - from);
  const uint64_t filled = at < contents_.size() ? std::min(contents_.size() - at, size) : 0;
  if (filled != 0) std::memcpy(from, contents_.data() + at, filled);
  std::memset(from + filled, 0, size - filled);
}

bool ReusedPages::clean(uint64_t bytes, bool quiet, uint64_t keep) {
  used_ = std::max(used_, bytes);
  if (!quiet) {
    // All that may be in memory, or a later quiet store would write what nobody knows of.
    own_count_ = os::find_own_pages(begin_, begin_ + used_, own_);
    uint64_t own_bytes = 0;
    for (size_t i = 0; own_count_ != os::kUnknownPages && i < own_count_; ++i) own_bytes += own_[i].bytes();
    if (own_count_ == os::kUnknownPages || own_bytes > keep) {
      own_count_ = 0;
      // What is discarded of a private mapping is read from its file again.
      return os::discard_pages(begin_, used_);
    }
  }
  uint8_t* const end = begin_ + bytes;
  for (size_t i = 0; i < own_count_ && own_[i].begin < end; ++i) refill(own_[i].begin, std::min(own_[i].end, end));
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
}

}  // namespace ashlar::runtime
