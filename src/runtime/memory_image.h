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

/// One of a module's own memories as active data segments leave it.
class MemoryImage {
 public:
  MemoryImage(const MemorySize& size, MemoryPool* pool);
  ~MemoryImage();
  MemoryImage(const MemoryImage&) = delete;
  MemoryImage& operator=(const MemoryImage&) = delete;

  const MemorySize& size() const { return size_; }
  /// Of `size().min_bytes`, rounded up to pages; -1: all zero.
  int file() const { return file_ ? file_->fd() : -1; }
  /// The part of it that is not zero, and what is before it. Readable while the image lives.
  std::span<const uint8_t> contents() const { return contents_; }
  /// Places of the pool that are mapped for this image, and clean.
  IdleList& idle() { return idle_; }

 private:
  friend class InitialMemories;
  MemorySize size_;
  MemoryPool* pool_;
  std::optional<os::MemoryFile> file_;
  std::span<const uint8_t> contents_;
  IdleList idle_{~uint64_t{0}};
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
  bool write(uint32_t memory, uint64_t at, std::span<const uint8_t> bytes);

  std::vector<std::unique_ptr<MemoryImage>> images_;  ///< by memory index; null for imported ones
  bool have_data_ = false;
};

/// Where instantiation can't but write a segment: its memory is the module's own, large enough, and nobody has seen it
/// before. Nothing for other segments.
std::optional<uint64_t> fixed_place(const module::Module& m, const module::Data& data);

}  // namespace ashlar::runtime
