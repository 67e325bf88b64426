// MemoryPool: places for linear memories that one instance after another uses, with the contents that its module's
// memory begins with mapped already.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/memory.h"
#include "runtime/reusable.h"

namespace ashlar::runtime {

class MemoryImage;
struct MemoryRange;

struct PoolConfig {
  uint32_t memories = 0;                      ///< how many at most; 0: no pool
  uint64_t memory_bytes = uint64_t{4} << 30;  ///< none grows beyond
  uint64_t keep_bytes = 256 << 10;            ///< of each thing that is idle, in memory
  bool overflow = true;                       ///< more memories than there are places get some of their own
  uint64_t keep_more_bytes = 64 << 20;        ///< all idle memories together, beyond `keep_bytes` of each
};

/// A memory at a place of the pool.
class PooledMemory final : public Reusable {
 public:
  explicit PooledMemory(uint8_t* base) : base_(base) {}
  Memory memory{Memory::Key{}};
  bool clean(const Cleaning& how) override;

 private:
  friend class MemoryPool;
  uint8_t* base_;
  uint64_t opened_ = 0;           ///< bytes that are accessible
  MemoryImage* image_ = nullptr;  ///< for which it is mapped
  ReusedPages pages_;             ///< goes before the pool's room
};

/// Places lie in a row, each with the guard that a memory needs behind it. They are made when they are needed.
/// Thread-safe.
class MemoryPool {
 public:
  /// `guarded`: 32-bit memories are accessed without being compared.
  MemoryPool(const PoolConfig& config, bool guarded);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  const PoolConfig& config() const { return config_; }
  /// A memory that begins like the image. Null when all places are in use, or it does not fit in one.
  std::unique_ptr<PooledMemory> take(MemoryImage& image, const module::MemoryType& type);
  /// Of a store that ended.
  void give(std::unique_ptr<PooledMemory> memory, const Cleaning& how);
  /// Empties the places that nobody has needed since the last call, but for `keep` of each few threads' and image. How
  /// many.
  uint64_t trim(uint64_t keep);

  /// What memories keep beyond their own share.
  const SharedRoom& room() const { return room_; }
  void add_image(MemoryImage& image);
  /// Before it goes. None of its places is in use.
  void remove_image(MemoryImage& image);

 private:
  std::unique_ptr<PooledMemory> find(MemoryImage& image);
  std::unique_ptr<PooledMemory> make();
  void put_back(std::unique_ptr<PooledMemory> memory);
  std::unique_ptr<PooledMemory> take_from_others();
  bool bind(PooledMemory& memory, MemoryImage& image);
  bool unbind(PooledMemory& memory);

  struct Row {
    uint8_t* begin;
    uint64_t bytes;
    MemoryRange* range;
  };
  const PoolConfig config_;
  const bool guarded_;
  const uint64_t place_bytes_;  ///< guard included
  SharedRoom room_;

  std::mutex mutex_;  ///< of what follows
  std::vector<Row> rows_;
  std::vector<uint8_t*> free_;  ///< places of no image; has room for all that are made
  uint64_t made_ = 0;
  uint64_t made_in_row_ = 0;  ///< of the last row
  std::vector<MemoryImage*> images_;
};

}  // namespace ashlar::runtime
