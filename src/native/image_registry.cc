// The table of all images: writers take a mutex, readers take nothing.
#include "native/image_registry.h"

#include <atomic>
#include <cstddef>
#include <mutex>

#include "native/image.h"

namespace ashlar::native {

namespace {

// One image's code. `version` is odd while a writer changes the rest: a reader that sees it odd, or changed behind it,
// takes nothing from the slot. Nothing is lost by that: the image whose code runs is neither coming nor going.
struct Slot {
  std::atomic<uint32_t> version{0};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<const Image*> image{nullptr};
};

// Chunks are never freed, so that a reader may be anywhere in the list at any time.
struct Chunk {
  static constexpr size_t kSlots = 64;
  Slot slots[kSlots];
  std::atomic<Chunk*> next{nullptr};
};

constinit Chunk first_chunk;
constinit std::mutex writers;
constinit std::atomic<uint64_t> gone{0};

void set(Slot& slot, uintptr_t begin, uintptr_t end, const Image* image) {
  const uint32_t version = slot.version.load(std::memory_order_relaxed);
  slot.version.store(version + 1);
  slot.begin.store(begin);
  slot.end.store(end);
  slot.image.store(image);
  slot.version.store(version + 2);
}

Slot* slot_of(const Image* image) {
  for (Chunk* chunk = &first_chunk; chunk != nullptr; chunk = chunk->next.load()) {
    for (Slot& slot : chunk->slots) {
      if (slot.image.load() == image) return &slot;
    }
  }
  return nullptr;
}

Slot& free_slot() {
  if (Slot* slot = slot_of(nullptr)) return *slot;
  Chunk* last = &first_chunk;
  while (Chunk* next = last->next.load()) last = next;
  Chunk* chunk = new Chunk;
  last->next.store(chunk);
  return chunk->slots[0];
}

}  // namespace

void register_image(const Image* image, const void* begin, const void* end) {
  std::lock_guard lock(writers);
  set(free_slot(), reinterpret_cast<uintptr_t>(begin), reinterpret_cast<uintptr_t>(end), image);
}

void unregister_image(const Image* image) {
  std::lock_guard lock(writers);
  Slot* slot = slot_of(image);
  if (slot == nullptr) return;
  set(*slot, 0, 0, nullptr);
  gone.fetch_add(1, std::memory_order_release);
}

uint64_t images_gone() { return gone.load(std::memory_order_acquire); }

const Image* find_image(const void* pc) {
  const auto address = reinterpret_cast<uintptr_t>(pc);
  for (Chunk* chunk = &first_chunk; chunk != nullptr; chunk = chunk->next.load()) {
    for (Slot& slot : chunk->slots) {
      const uint32_t version = slot.version.load();
      const uintptr_t begin = slot.begin.load();
      const uintptr_t end = slot.end.load();
      const Image* image = slot.image.load();
      // The end itself counts: it is where a call that is the last instruction would return to.
      const bool inside = begin < end && begin <= address && address <= end;
      if (inside && version % 2 == 0 && slot.version.load() == version) return image;
    }
  }
  return nullptr;
}

}  // namespace ashlar::native
