// Rows of places, and how a place comes to an image and back.
#include "runtime/memory_pool.h"

#include <algorithm>
#include <iterator>
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
    : config_(config), guarded_(guarded), place_bytes_(size_of_place(config, guarded)), room_(config.keep_more_bytes) {}

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
  // Before others those whose pages are there already, be they idle for longer.
  if (auto warm = image.warm().take()) return cast(std::move(warm));
  if (auto own = image.idle().take()) return cast(std::move(own));
  auto memory = make();
  if (memory == nullptr) memory = take_from_others();
  if (memory == nullptr || bind(*memory, image)) return memory;
  // No mapping is left, or no memory.
  put_back(std::move(memory));
  return nullptr;
}

std::unique_ptr<PooledMemory> MemoryPool::make() {
  std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    auto memory = std::make_unique<PooledMemory>(free_.back());
    free_.pop_back();
    return memory;
  }
  if (made_ == config_.memories) return nullptr;
  if (free_.capacity() <= made_) free_.reserve(std::min<uint64_t>(config_.memories, made_ + made_ / 2 + kPlacesInRow));
  if (rows_.empty() || made_in_row_ == rows_.back().bytes / place_bytes_) {
    rows_.reserve(rows_.size() + 1);
    uint64_t places = std::min<uint64_t>(kPlacesInRow, config_.memories - made_);
    uint8_t* begin = nullptr;
    for (; places != 0 && begin == nullptr; places /= 2) {
      begin = os::reserve_pages(places * place_bytes_);
      if (begin != nullptr) break;
    }
    if (begin == nullptr) return nullptr;
    const uint64_t bytes = places * place_bytes_;
    MemoryRange* const range = add_memory_range(begin, begin + bytes);
    if (range == nullptr) {
      os::release_pages(begin, bytes);
      return nullptr;
    }
    os::keep_pages_small(begin, bytes);
    rows_.push_back({begin, bytes, range});
    made_in_row_ = 0;
  }
  auto place = std::make_unique<PooledMemory>(rows_.back().begin + made_in_row_ * place_bytes_);
  ++made_;
  ++made_in_row_;
  return place;
}

/// As a reservation, without an object: in the heap each would keep a page that holds nothing else.
void MemoryPool::put_back(std::unique_ptr<PooledMemory> memory) {
  // What can't even be unmapped is never used again.
  if (!unbind(*memory)) return;
  std::lock_guard lock(mutex_);
  free_.push_back(memory->base_);
}

/// All places are made: another module's may be idle.
std::unique_ptr<PooledMemory> MemoryPool::take_from_others() {
  std::unique_ptr<PooledMemory> memory;
  {
    std::lock_guard lock(mutex_);
    for (MemoryImage* image : images_) {
      memory.reset(static_cast<PooledMemory*>(image->take_idle().release()));
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
  memory.pages_.bind(memory.base_, place_bytes_, image.contents(), &room_);
  // All of it, though that is more than the contents: a file is as long, and one mapping.
  if (!image.map(memory.base_, bytes)) return false;
  if (!image.contents().empty()) os::keep_pages_small(memory.base_, bytes);
  return true;
}

/// Afterwards it is a reservation again, joined with its neighbours'.
bool MemoryPool::unbind(PooledMemory& memory) {
  // Behind what is accessible there may be clean pages still.
  const uint64_t bytes = std::max(std::exchange(memory.opened_, 0), memory.pages_.used());
  memory.image_ = nullptr;
  memory.pages_.forget();
  if (bytes == 0) return true;
  if (!os::reset_to_reservation(memory.base_, bytes)) return false;
  os::keep_pages_small(memory.base_, bytes);
  return true;
}

void MemoryPool::give(std::unique_ptr<PooledMemory> memory, const Cleaning& how) {
  if (memory->clean(how)) {
    MemoryImage& image = *memory->image_;
    (memory->pages_.has_room() ? image.warm() : image.idle()).give(std::move(memory));
    return;
  }
  // What can't be cleaned is mapped anew.
  memory->opened_ = std::max(memory->opened_, os::round_up_to_pages(memory->memory.byte_size()));
  put_back(std::move(memory));
}

uint64_t MemoryPool::trim(uint64_t keep) {
  std::vector<std::unique_ptr<Reusable>> unused;
  {
    std::lock_guard lock(mutex_);
    for (MemoryImage* image : images_) {
      for (IdleList* list : {&image->idle(), &image->warm()}) {
        std::ranges::move(list->take_unused(keep), std::back_inserter(unused));
      }
    }
  }
  const uint64_t count = unused.size();
  for (std::unique_ptr<Reusable>& thing : unused) {
    put_back(std::unique_ptr<PooledMemory>(static_cast<PooledMemory*>(thing.release())));
  }
  return count;
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
  while (auto idle = image.take_idle()) {
    put_back(std::unique_ptr<PooledMemory>(static_cast<PooledMemory*>(idle.release())));
  }
}

}  // namespace ashlar::runtime
