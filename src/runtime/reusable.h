// What one store after another uses: pages that are made as new in between, and lists of what is idle.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "os/own_pages.h"

namespace ashlar::runtime {

/// What many may keep in memory together beyond their own share. Thread-safe.
class SharedRoom {
 public:
  explicit SharedRoom(uint64_t bytes) : left_(bytes) {}
  /// Of them `held` are the caller's, who wants `wanted` instead. False, and nothing done, when there are not so many.
  bool change(uint64_t& held, uint64_t wanted);
  uint64_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> left_;
};

/// Pages that read as they did when they were mapped, once clean() has run: zero, or the begin of a file.
///
/// It remembers which pages were written since all were given back to the system, and keeps them: writing a page anew
/// costs a sixtieth of a page fault. All others are as new.
class ReusedPages {
 public:
  ReusedPages() = default;
  ReusedPages(const ReusedPages&) = delete;
  ReusedPages& operator=(const ReusedPages&) = delete;
  ~ReusedPages() { forget(); }
  /// [begin, begin + bytes), private pages that are as new. `contents`: what the first of them hold, if not zero.
  /// `room`: where they may have more than what clean() lets them keep, if not null.
  void bind(uint8_t* begin, uint64_t bytes, std::span<const uint8_t> contents = {}, SharedRoom* room = nullptr);
  /// They have been unmapped, or are about to be.
  void forget();

  /// Makes the first `bytes` as new; those behind are, and need not be accessible. `quiet`: no page has become this
  /// process's own since the last time. At most `keep` bytes stay in memory, and what there is room for. False: they
  /// can't be used again.
  bool clean(uint64_t bytes, bool quiet, uint64_t keep);
  bool clean(bool quiet, uint64_t keep) { return clean(bytes_, quiet, keep); }
  /// There are none in memory behind these.
  uint64_t used() const { return used_; }
  /// They have some of the shared room.
  bool has_room() const { return held_ != 0; }

 private:
  bool find_own(uint64_t keep);
  bool discard();
  void refill(uint8_t* from, uint8_t* to) const;

  uint8_t* begin_ = nullptr;
  uint64_t bytes_ = 0;
  uint64_t used_ = 0;  ///< of them were ever accessible: there may be own pages
  std::span<const uint8_t> contents_;
  std::vector<os::PageRange> own_;
  SharedRoom* room_ = nullptr;
  uint64_t held_ = 0;   ///< bytes of the room
  uint32_t times_ = 0;  ///< cleaned with those
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
  /// Those that nobody has needed since the last call, but for `keep` of each few threads'.
  std::vector<std::unique_ptr<Reusable>> take_unused(uint64_t keep);

 private:
  static constexpr size_t kShards = 8;
  struct alignas(64) Shard {
    std::mutex mutex;
    Reusable* first = nullptr;
    uint64_t count = 0;
    uint64_t least = 0;  ///< there were since the last take_unused()
  };
  Reusable* take_from(Shard& shard, uint64_t kind);

  const uint64_t most_;
  std::atomic<uint64_t> count_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace ashlar::runtime
