// The replaced functions. The linker gives `malloc` and the others of the objects it links to __wrap_malloc (see
// CMakeLists.txt); the C and C++ libraries' own calls are theirs alone, but for operator new.
#include "injector.h"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>

namespace oom {

namespace {

constinit Plan g_plan;
constinit std::atomic<bool> g_on{false};
constinit std::atomic<uint64_t> g_count{0};
constinit std::atomic<uint64_t> g_failures{0};
constinit std::atomic<int64_t> g_live{0};
constinit std::atomic<int64_t> g_mapped{0};
thread_local uint64_t t_number = 0;  ///< of the allocation that is being made

/// Blocks that were allocated while on, by address.
constexpr size_t kPlaces = 1 << 12;
struct Place {
  std::atomic<void*> block{nullptr};
  uint64_t number = 0;
};
constinit Place g_places[kPlaces];

size_t place_of(const void* p) { return (reinterpret_cast<uintptr_t>(p) >> 4) * 0x9e3779b97f4a7c15ull >> 52; }

/// Where many are, some are not noted.
void note(void* p) {
  if (!g_on.load(std::memory_order_relaxed)) return;
  for (size_t i = 0; i < 64; ++i) {
    Place& place = g_places[(place_of(p) + i) % kPlaces];
    void* expected = nullptr;
    if (!place.block.compare_exchange_strong(expected, p)) continue;
    place.number = t_number;
    return;
  }
}
void forget(void* p) {
  for (size_t i = 0; i < 64; ++i) {
    void* expected = p;
    if (g_places[(place_of(p) + i) % kPlaces].block.compare_exchange_strong(expected, nullptr)) return;
  }
}

int64_t whole_pages(size_t bytes) { return static_cast<int64_t>((bytes + 4095) & ~size_t{4095}); }

bool fails() {
  if (!g_on.load(std::memory_order_relaxed)) return false;
  const uint64_t number = g_count.fetch_add(1, std::memory_order_relaxed) + 1;
  t_number = number;
  if (number == g_plan.stop) std::raise(SIGTRAP);
  const bool fail = number == g_plan.at || (g_plan.and_later && g_plan.at != 0 && number > g_plan.at);
  if (fail) g_failures.fetch_add(1, std::memory_order_relaxed);
  return fail;
}

}  // namespace

void begin(const Plan& plan) {
  g_on = false;
  g_plan = plan;
  g_count = 0;
  for (Place& place : g_places) place.block = nullptr;
  g_failures = 0;
}
void turn_on() { g_on = true; }
void turn_off() { g_on = false; }
uint64_t count() { return g_count; }
uint64_t failures() { return g_failures; }
int64_t live_blocks() { return g_live; }
int64_t mapped_bytes() { return g_mapped; }
uint64_t oldest_block() {
  uint64_t oldest = 0;
  for (const Place& place : g_places) {
    if (place.block.load() != nullptr && (oldest == 0 || place.number < oldest)) oldest = place.number;
  }
  return oldest;
}

}  // namespace oom

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* p, size_t size);
void __real_free(void* p);
void* __real_mmap(void* address, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void* address, size_t size);
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument);

namespace {
void* counted(void* p) {
  if (p == nullptr) return p;
  oom::g_live.fetch_add(1, std::memory_order_relaxed);
  oom::note(p);
  return p;
}
void* refuse() {
  errno = ENOMEM;
  return nullptr;
}
}  // namespace

void* __wrap_malloc(size_t size) { return oom::fails() ? refuse() : counted(__real_malloc(size)); }
void* __wrap_calloc(size_t count, size_t size) { return oom::fails() ? refuse() : counted(__real_calloc(count, size)); }
void* __wrap_realloc(void* p, size_t size) {
  if (oom::fails()) return refuse();
  if (p == nullptr) return counted(__real_malloc(size));
  oom::forget(p);
  void* moved = __real_realloc(p, size);
  oom::note(moved != nullptr ? moved : p);
  return moved;
}
void __wrap_free(void* p) {
  if (p != nullptr) {
    oom::g_live.fetch_sub(1, std::memory_order_relaxed);
    oom::forget(p);
  }
  __real_free(p);
}
void* __wrap_mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) {
  if (oom::fails()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  void* p = __real_mmap(address, size, protection, flags, file, offset);
  if (p != MAP_FAILED && (flags & MAP_FIXED) == 0) oom::g_mapped += oom::whole_pages(size);
  return p;
}
int __wrap_munmap(void* address, size_t size) {
  oom::g_mapped -= oom::whole_pages(size);
  return __real_munmap(address, size);
}
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  return oom::fails() ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}
}  // extern "C"

namespace {

void* new_or_null(size_t size) { return oom::fails() ? nullptr : counted(__real_malloc(size == 0 ? 1 : size)); }
void* new_or_null(size_t size, std::align_val_t alignment) {
  if (oom::fails()) return nullptr;
  const auto to = static_cast<size_t>(alignment);
  return counted(std::aligned_alloc(to, (size + to - 1) / to * to));
}
template <class... A>
void* new_or_throw(A... a) {
  void* p = new_or_null(a...);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
void release(void* p) { __wrap_free(p); }

}  // namespace

void* operator new(size_t size) { return new_or_throw(size); }
void* operator new[](size_t size) { return new_or_throw(size); }
void* operator new(size_t size, std::align_val_t a) { return new_or_throw(size, a); }
void* operator new[](size_t size, std::align_val_t a) { return new_or_throw(size, a); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return new_or_null(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return new_or_null(size); }
void* operator new(size_t size, std::align_val_t a, const std::nothrow_t&) noexcept { return new_or_null(size, a); }
void* operator new[](size_t size, std::align_val_t a, const std::nothrow_t&) noexcept { return new_or_null(size, a); }
void operator delete(void* p) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, size_t) noexcept { release(p); }
void operator delete[](void* p, size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { release(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { release(p); }
