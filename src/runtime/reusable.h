// What one store after another uses: pages that are made as new in between, and lists of what is idle.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "os/own_pages.h"

namespace ashlar::runtime {

/// Pages that read as they did when they were mapped, once clean() has run: zero, or the begin of a file.
///
/// It remembers which pages were written since all were given back to the system, and keeps them: writing a page anew
/// costs a sixtieth of a page fault. All others are as new.
class ReusedPages {
 public:
  ReusedPages() = default;
  /// [begin, begin + bytes), private pages that are as new. `contents`: what the first of them hold, if not zero.
  void bind(uint8_t* begin, uint64_t bytes, std::span<const uint8_t> contents = {});

  /// Makes the first `bytes` as new; those behind are, and need not be accessible. `quiet`: no page has become this
  /// process's own since the last time. At most `keep` bytes stay in memory. False: they can't be used again.
  bool clean(uint64_t bytes, bool quiet, uint64_t keep);
  bool clean(bool quiet, uint64_t keep) { return clean(bytes_, quiet, keep); }
  /// There are none in memory behind these.
  uint64_t used() const { return used_; }

 private:
  void refill(uint8_t* from, uint8_t* to) const;

  static constexpr size_t kMostRanges = 24;
  uint8_t* begin_ = nullptr;
  uint64_t bytes_ = 0;
  uint64_t used_ = 0;  ///< of them were ever accessible: there may be own pages
  std::span<const uint8_t> contents_;
  std::array<os::PageRange, kMostRanges> own_;
  size_t own_count_ = 0;
};

/// How to clean up behind a store.
struct Cleaning {
  bool quiet;     ///< no page has become this process's own since the store was made
  uint64_t keep;  ///< bytes of each thing that may stay in memory
};

/// Something of a store's that others can use behind it.
class Reusable {
 public:
  virtual ~Reusable() = default;
  /// Nothing of what was done with it can be seen from now on. False: it can't be used again.
  virtual bool clean(const Cleaning& how) = 0;

 private:
  friend class IdleList;
  Reusable* next_ = nullptr;
  uint64_t kind_ = 0;
};

/// Things that nobody uses. Thread-safe; threads that do not share things do not wait for each other.
class IdleList {
 public:
  /// Keeps at most `most`.
  explicit IdleList(uint64_t most) : most_(most) {}
  ~IdleList();
  IdleList(const IdleList&) = delete;
  IdleList& operator=(const IdleList&) = delete;

  /// One that was given as this kind, the thread's own last one first; null when there is none.
  std::unique_ptr<Reusable> take(uint64_t kind = 0);
  /// Destroys it when there are enough.
  void give(std::unique_ptr<Reusable> thing, uint64_t kind = 0);
  uint64_t size() const { return count_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kShards = 8;
  struct alignas(64) Shard {
    std::mutex mutex;
    Reusable* first = nullptr;
  };
  Reusable* take_from(Shard& shard, uint64_t kind);

  const uint64_t most_;
  std::atomic<uint64_t> count_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace ashlar::runtime
