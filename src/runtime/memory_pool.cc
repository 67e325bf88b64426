// Rows of places, and how a place comes to an image and back.
#include "runtime/memory_pool.h"

#include <algorithm>
#include <utility>

#include "os/pages.h"
#include "runtime/memory_image.h"
#include "runtime/memory_ranges.h"

namespace ashlar::runtime {

namespace {

/// Of address space, at once. More than one place makes one mapping of a row's guards where nothing is used yet.
constexpr uint64_t kPlacesInRow = 64;

uint64_t size_of_place(const PoolConfig& config, bool guarded) {
  if (guarded) return os::round_up_to_pages(Memory::kGuardedReservation);
  return os::round_up_to_pages(config.memory_bytes) + Memory::kAccessSlack;
}

}  // namespace

bool PooledMemory::clean(const Cleaning& how) {
  const uint64_t size = os::round_up_to_pages(memory.byte_size());
  const uint64_t first = os::round_up_to_pages(image_->size().min_bytes);
  if (!pages_.clean(size, how.quiet && !memory.exposed(), how.keep)) return false;
  if (size > first && !os::close_pages(base_ + first, size - first)) return false;
  opened_ = first;
  return true;
}

MemoryPool::MemoryPool(const PoolConfig& config, bool guarded)
    : config_(config), guarded_(guarded), place_bytes_(size_of_place(config, guarded)) {}

/// Modules and stores hold the engine: no place is in use any more.
MemoryPool::~MemoryPool() {
  for (const Row& row : rows_) {
    remove_memory_range(row.range);
    os::release_pages(row.begin, row.bytes);
  }
}

std::unique_ptr<PooledMemory> MemoryPool::take(MemoryImage& image, const module::MemoryType& type) {
  MemorySize size = image.size();
  size.guarded = size.guarded && guarded_;
  size.max_bytes = std::min(size.max_bytes, (config_.memory_bytes >> type.page_size_log2) << type.page_size_log2);
  if (type.limits.shared || size.min_bytes > size.max_bytes || size.max_bytes + Memory::kAccessSlack > place_bytes_) {
    return nullptr;
  }
  std::unique_ptr<PooledMemory> memory = find(image);
  if (memory != nullptr) memory->memory.begin_at(memory->base_, type, size);
  return memory;
}

std::unique_ptr<PooledMemory> MemoryPool::find(MemoryImage& image) {
  const auto cast = [](std::unique_ptr<Reusable> thing) {
    return std::unique_ptr<PooledMemory>(static_cast<PooledMemory*>(thing.release()));
  };
  if (auto own = image.idle().take()) return cast(std::move(own));
  auto memory = cast(idle_.take());
  if (memory == nullptr) memory = make();
  if (memory == nullptr) memory = take_from_others();
  if (memory == nullptr || bind(*memory, image)) return memory;
  // No mapping is left, or no memory.
  if (unbind(*memory)) idle_.give(std::move(memory));
  return nullptr;
}

std::unique_ptr<PooledMemory> MemoryPool::make() {
  std::lock_guard lock(mutex_);
  if (made_ == config_.memories) return nullptr;
  if (rows_.empty() || made_in_row_ == rows_.back().bytes / place_bytes_) {
    uint64_t places = std::min<uint64_t>(kPlacesInRow, config_.memories - made_);
    uint8_t* begin = nullptr;
    for (; places != 0 && begin == nullptr; places /= 2) {
      begin = os::reserve_pages(places * place_bytes_);
      if (begin != nullptr) break;
    }
    if (begin == nullptr) return nullptr;
    const uint64_t bytes = places * place_bytes_;
    os::keep_pages_small(begin, bytes);
    rows_.push_back({begin, bytes, add_memory_range(begin, begin + bytes)});
    made_in_row_ = 0;
  }
  ++made_;
  return std::make_unique<PooledMemory>(rows_.back().begin + made_in_row_++ * place_bytes_);
}

/// All places are made: another module's may be idle.
std::unique_ptr<PooledMemory> MemoryPool::take_from_others() {
  std::unique_ptr<PooledMemory> memory;
  {
    std::lock_guard lock(mutex_);
    for (MemoryImage* image : images_) {
      memory.reset(static_cast<PooledMemory*>(image->idle().take().release()));
      if (memory != nullptr) break;
    }
  }
  if (memory == nullptr || unbind(*memory)) return memory;
  return nullptr;
}

bool MemoryPool::bind(PooledMemory& memory, MemoryImage& image) {
  const uint64_t bytes = os::round_up_to_pages(image.size().min_bytes);
  memory.image_ = &image;
  memory.opened_ = bytes;
  memory.pages_.bind(memory.base_, place_bytes_, image.contents());
  if (bytes == 0) return true;
  // The file is as long as the memory: one mapping.
  if (image.file() < 0) return os::open_pages(memory.base_, bytes);
  if (!os::map_file_pages(memory.base_, bytes, image.file(), 0)) return false;
  os::keep_pages_small(memory.base_, bytes);
  return true;
}

/// Afterwards it is a reservation again, joined with its neighbours'.
bool MemoryPool::unbind(PooledMemory& memory) {
  // Behind what is accessible there may be clean pages still.
  const uint64_t bytes = std::max(std::exchange(memory.opened_, 0), memory.pages_.used());
  memory.image_ = nullptr;
  if (bytes == 0) return true;
  if (!os::reset_to_reservation(memory.base_, bytes)) return false;
  os::keep_pages_small(memory.base_, bytes);
  return true;
}

void MemoryPool::give(std::unique_ptr<PooledMemory> memory, const Cleaning& how) {
  if (memory->clean(how)) {
    memory->image_->idle().give(std::move(memory));
    return;
  }
  // What can't be cleaned is mapped anew; what can't even be mapped is never used again.
  memory->opened_ = std::max(memory->opened_, os::round_up_to_pages(memory->memory.byte_size()));
  if (unbind(*memory)) idle_.give(std::move(memory));
}

void MemoryPool::add_image(MemoryImage& image) {
  std::lock_guard lock(mutex_);
  images_.push_back(&image);
}

void MemoryPool::remove_image(MemoryImage& image) {
  {
    std::lock_guard lock(mutex_);
    std::erase(images_, &image);
  }
  while (auto idle = image.idle().take()) {
    std::unique_ptr<PooledMemory> memory(static_cast<PooledMemory*>(idle.release()));
    if (unbind(*memory)) idle_.give(std::move(memory));
  }
}

}  // namespace ashlar::runtime
