// What the memories of a module hold when an instance begins: made once, mapped by every instance.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "module/module.h"
#include "os/memory_file.h"
#include "runtime/memory.h"
#include "runtime/reusable.h"

namespace ashlar::runtime {

class MemoryPool;

/// One of a module's own memories as active data segments leave it. Large parts of an artifact that has them laid out
/// are mapped from its file; the rest is in a file that exists in memory only.
class MemoryImage {
 public:
  MemoryImage(const MemorySize& size, MemoryPool* pool);
  ~MemoryImage();
  MemoryImage(const MemoryImage&) = delete;
  MemoryImage& operator=(const MemoryImage&) = delete;

  const MemorySize& size() const { return size_; }
  /// Puts the memory's first `bytes`, whole pages, contents included, in place of a reservation at `base`: accessible,
  /// with what they hold; what is written stays there. False when the system refuses, maybe with a part done.
  bool map(uint8_t* base, uint64_t bytes) const;
  /// The part of it that is not zero, and what is before it. Readable while the image lives.
  std::span<const uint8_t> contents() const { return {view_, contents_}; }
  /// Places of the pool that are mapped for this image, and clean.
  IdleList& idle() { return idle_; }
  /// And hold pages of the pool's room.
  IdleList& warm() { return warm_; }
  /// Of either list, those without first.
  std::unique_ptr<Reusable> take_idle() {
    auto idle = idle_.take();
    return idle != nullptr ? std::move(idle) : warm_.take();
  }

 private:
  friend class InitialMemories;
  /// A part that another file has.
  struct Piece {
    uint64_t at;
    uint64_t size;
    int file;
    uint64_t offset;
  };
  bool reach(uint64_t at, uint64_t size);
  bool write(uint64_t at, std::span<const uint8_t> bytes);
  bool finish();
  void clear();

  MemorySize size_;
  MemoryPool* pool_;
  std::optional<os::MemoryFile> file_;  ///< as long as the memory; none: all zero but for the pieces
  std::vector<Piece> pieces_;           ///< over it; their file is the module's
  uint64_t contents_ = 0;               ///< bytes
  uint8_t* view_ = nullptr;             ///< of them
  IdleList idle_{~uint64_t{0}}, warm_{~uint64_t{0}};
};

/// Those of one module, made when they are first wanted. Thread-safe.
class InitialMemories {
 public:
  /// `pool`: whose places instances use; null: none.
  void make(const module::Module& m, uint64_t max_reservation64, MemoryPool* pool);
  /// Of memory i, which is not imported; null before make(), and when there can't be such a memory.
  MemoryImage* image(uint32_t i) const { return i < images_.size() ? images_[i].get() : nullptr; }
  /// Whether all active data segments are in the images.
  bool have_data() const { return have_data_; }

 private:
  bool lay_out(const module::Module& m);
  bool take_laid_out(const module::Module& m);

  std::vector<std::unique_ptr<MemoryImage>> images_;  ///< by memory index; null for imported ones
  bool have_data_ = false;
};

/// Where instantiation can't but write a segment: its memory is the module's own, large enough, and nobody has seen it
/// before. Nothing for other segments.
std::optional<uint64_t> fixed_place(const module::Module& m, const module::Data& data);

}  // namespace ashlar::runtime
