// The address space behind lists that must grow.
#include "runtime/gc_list.h"

#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/error.h"
#include "os/pages.h"

namespace ashlar::runtime {

namespace {

/// Of a full heap all lists together, doubled a few times.
constexpr uint64_t kBytes = 8ull << 30;

struct Space {
  std::atomic<uint8_t*> base{nullptr};
  std::mutex mutex;
  // Under the mutex. What is released is used again when all is.
  uint64_t used = 0;
  uint64_t lists = 0;
};
constinit Space g_space;

}  // namespace

bool GcRescue::prepare() {
  if (g_space.base.load(std::memory_order_acquire) != nullptr) return true;
  const std::lock_guard lock(g_space.mutex);
  if (g_space.base.load(std::memory_order_relaxed) == nullptr) {
    g_space.base.store(os::reserve_pages(kBytes), std::memory_order_release);
  }
  return g_space.base.load(std::memory_order_relaxed) != nullptr;
}

void* GcRescue::allocate(size_t bytes) {
  const std::lock_guard lock(g_space.mutex);
  uint8_t* const base = g_space.base.load(std::memory_order_relaxed);
  const uint64_t size = os::round_up_to_pages(bytes);
  CHECK(base != nullptr && size <= kBytes - g_space.used);
  uint8_t* const p = base + g_space.used;
  CHECK(os::open_pages(p, size));
  g_space.used += size;
  ++g_space.lists;
  return p;
}

bool GcRescue::owns(const void* p) {
  const uint8_t* const base = g_space.base.load(std::memory_order_acquire);
  return base != nullptr && p >= base && p < base + kBytes;
}

void GcRescue::release(void* p, size_t bytes) {
  const std::lock_guard lock(g_space.mutex);
  os::reset_to_reservation(static_cast<uint8_t*>(p), os::round_up_to_pages(bytes));
  if (--g_space.lists == 0) g_space.used = 0;
}

}  // namespace ashlar::runtime
