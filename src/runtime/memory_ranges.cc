// A linked list of chunks of slots that only grows, so that a signal handler may walk it at any moment.
#include "runtime/memory_ranges.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>

#include "runtime/memory.h"

namespace ashlar::runtime {

/// begin: 0 free, 1 claimed by a thread that is still writing `end`, else the range's first address.
struct MemoryRange {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
};
static_assert(std::atomic<uintptr_t>::is_always_lock_free);

namespace {

constexpr uintptr_t kFree = 0;
constexpr uintptr_t kClaimed = 1;

struct Chunk {
  static constexpr size_t kSlots = 64;
  MemoryRange slots[kSlots];
  std::atomic<Chunk*> next{nullptr};
};

constinit Chunk first_chunk;
constinit std::atomic<Chunk*> first_with_room{&first_chunk};  ///< where to begin to look; all but this is a guess

MemoryRange* claim(Chunk& chunk) {
  for (MemoryRange& slot : chunk.slots) {
    uintptr_t expected = kFree;
    if (slot.begin.load(std::memory_order_relaxed) == kFree &&
        slot.begin.compare_exchange_strong(expected, kClaimed, std::memory_order_acquire)) {
      return &slot;
    }
  }
  return nullptr;
}

/// The chunk behind `chunk`, made when there is none. Chunks live as long as the process.
/// Null without memory.
Chunk* following(Chunk& chunk) {
  Chunk* next = chunk.next.load(std::memory_order_acquire);
  if (next != nullptr) return next;
  std::unique_ptr<Chunk> fresh(new (std::nothrow) Chunk);
  if (fresh == nullptr) return nullptr;
  if (chunk.next.compare_exchange_strong(next, fresh.get(), std::memory_order_acq_rel)) return fresh.release();
  return next;
}

}  // namespace

MemoryRange* add_memory_range(const void* begin, const void* end) {
  // Behind chunks that were full lately: thousands of ranges need not be passed for each new one.
  Chunk* const from = first_with_room.load(std::memory_order_acquire);
  Chunk* chunk = from;
  MemoryRange* slot = claim(*chunk);
  while (slot == nullptr) {
    chunk = following(*chunk);
    if (chunk == nullptr) return nullptr;
    slot = claim(*chunk);
  }
  if (chunk != from) first_with_room.store(chunk, std::memory_order_release);
  slot->end.store(reinterpret_cast<uintptr_t>(end), std::memory_order_relaxed);
  slot->begin.store(reinterpret_cast<uintptr_t>(begin), std::memory_order_release);
  return slot;
}

void remove_memory_range(MemoryRange* range) {
  range->begin.store(kFree, std::memory_order_release);
  // Now and then, so that the room in front is used again.
  constexpr uint32_t kEvery = 64;
  static std::atomic<uint32_t> removed{0};
  if (removed.fetch_add(1, std::memory_order_relaxed) % kEvery == 0) first_with_room.store(&first_chunk);
}

// A slot that is reused while it is read may give a wrong answer for an address in neither range's memory only: the
// memory that the faulting code runs on is alive, so its own slot does not change.
bool is_memory_fault_address(const void* addr) {
  const auto address = reinterpret_cast<uintptr_t>(addr);
  for (const Chunk* chunk = &first_chunk; chunk != nullptr; chunk = chunk->next.load(std::memory_order_acquire)) {
    for (const MemoryRange& slot : chunk->slots) {
      const uintptr_t begin = slot.begin.load(std::memory_order_acquire);
      if (begin <= kClaimed || address < begin) continue;
      if (address < slot.end.load(std::memory_order_relaxed)) return true;
    }
  }
  return false;
}

}  // namespace ashlar::runtime
