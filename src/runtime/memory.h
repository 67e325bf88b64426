// Linear memories: reserved address space, growth in place, guard pages; shared memories with wait queues.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "base/error.h"
#include "module/types.h"

namespace ashlar::runtime {

class Ledger;
struct MemoryRange;
class MemoryImage;

/// What a type comes to in bytes.
struct MemorySize {
  uint64_t min_bytes;
  uint64_t max_bytes;  ///< beyond which it never grows: the type's maximum, the index type, `max_reservation64`
  bool guarded;        ///< 32-bit, 64 KiB pages: guard pages take the place of comparisons

  /// A memory64 may use at most `max_reservation64` bytes, or its declared maximum where that is less.
  static Result<MemorySize> of(const module::MemoryType& type, uint64_t max_reservation64);
};

/// A memory's base never moves: the whole range it may ever use is reserved at creation. 32-bit memories with 64 KiB
/// pages reserve 4 GiB plus kGuardBytes behind (and a little for the access's own width), so that any 32-bit address
/// plus an offset below kGuardBytes faults instead of reaching foreign memory. Pages beyond the current size are
/// PROT_NONE. Memories with custom page size 1 and memory64 are never guarded exactly to the byte: code for them checks
/// explicitly.
class Memory {
  struct Key {};

 public:
  static constexpr uint64_t kGuardBytes = 64ull << 20;
  /// Behind the guard: room for the widest access (a v128, or a pair) that begins on the guard's last byte.
  static constexpr uint64_t kAccessSlack = 64 << 10;
  static constexpr uint64_t kGuardedReservation = (1ull << 32) + kGuardBytes + kAccessSlack;

  /// A memory64 may use at most `max_reservation64` bytes, or its declared maximum where that is less.
  static Result<std::shared_ptr<Memory>> create(const module::MemoryType& type, uint64_t max_reservation64);
  /// With the contents of an image of its type, if there is one.
  static Result<std::shared_ptr<Memory>> create(const module::MemoryType& type, const MemorySize& size,
                                                const MemoryImage* image);
  explicit Memory(Key) {}
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  uint8_t* base() const { return base_; }
  /// Current size in bytes; relaxed read.
  uint64_t byte_size() const { return size_.load(std::memory_order_relaxed); }
  uint64_t pages() const { return byte_size() >> type_.page_size_log2; }
  const module::MemoryType& type() const { return type_; }
  bool shared() const { return type_.limits.shared; }
  /// Whether out-of-bounds accesses below 4 GiB + kGuardBytes fault in the guard (32-bit, 64 KiB pages).
  bool guarded() const { return guarded_; }
  /// Somebody else than guests and the functions they call was told where the memory is: another thread may write it.
  void expose() { exposed_ = true; }
  bool exposed() const { return exposed_; }

  /// Grows by `delta` pages, but not beyond `most_bytes`; returns the old size in pages or -1. Thread-safe. The caller
  /// knows the store's limits (Store::memory_grow does).
  int64_t grow(uint64_t delta, uint64_t most_bytes = ~uint64_t{0});
  /// From now on it counts in this ledger by itself, growth included, whichever store grows it, until it is gone. For a
  /// memory that is nobody else's yet. False, and nothing done, when the ledger has no room.
  bool charge_to(std::shared_ptr<Ledger> ledger);
  /// Whether it does.
  bool charged() const { return ledger_ != nullptr; }

  /// Writes what lies in a file at `offset`, which `bytes` is a view of; large contents are mapped, and read when they
  /// are needed. The memory is nobody else's yet and holds [at, at + bytes.size()). `file`: -1 for none.
  void fill(uint64_t at, std::span<const uint8_t> bytes, int file, uint64_t offset);

  /// memory.atomic.wait / notify on a shared memory. `expected` is compared with a value of `size` (4 or 8) bytes at
  /// addr. timeout in ns, negative: for ever. Returns 0 woken, 1 not equal, 2 timed out. `interrupted` is polled (at
  /// most every 10 ms) and counts as timed out: the caller looks at the flag afterwards. The caller has checked bounds,
  /// alignment and shared().
  uint32_t wait(uint64_t addr, uint64_t expected, int size, int64_t timeout_ns,
                const std::atomic<uint32_t>& interrupted);
  uint32_t notify(uint64_t addr, uint32_t count);

  static constexpr size_t base_offset();  ///< of base_ and size_ for generated code
  static constexpr size_t size_offset();

 private:
  friend class PooledMemory;
  friend class MemoryPool;
  /// As if it had just been created: for memories of a pool, whose pages are there already.
  void begin_at(uint8_t* base, const module::MemoryType& type, const MemorySize& size);
  Status reserve(uint64_t min_bytes, uint64_t wanted);
  bool open(uint64_t old_bytes, uint64_t new_bytes);

  uint8_t* base_ = nullptr;
  std::atomic<uint64_t> size_{0};
  module::MemoryType type_;
  uint64_t reserved_ = 0;   ///< address space, guard included
  uint64_t max_bytes_ = 0;  ///< beyond which it never grows: the type's maximum, the index type, the reservation
  bool guarded_ = false;
  bool exposed_ = false;
  MemoryRange* range_ = nullptr;  ///< in the list that the fault handler reads
  std::shared_ptr<Ledger> ledger_;
  std::mutex grow_mutex_;  ///< shared memories grow on any thread
};

constexpr size_t Memory::base_offset() { return __builtin_offsetof(Memory, base_); }
constexpr size_t Memory::size_offset() { return __builtin_offsetof(Memory, size_); }

/// Whether `addr` lies in the reserved range of some live memory of this process; async-signal-safe, lock-free.
bool is_memory_fault_address(const void* addr);

}  // namespace ashlar::runtime
