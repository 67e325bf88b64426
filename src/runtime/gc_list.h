// GcList: a vector that the collector may let grow in the middle of its work, also where memory has run out.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace ashlar::runtime {

/// Address space that nothing else uses, for lists that must grow while `operator new` fails. One a process.
class GcRescue {
 public:
  /// Reserves it; to be called before the first list is needed. False when there is no address space.
  static bool prepare();
  /// Never fails: without pages for it the process ends, as half a collection can't be left standing.
  static void* allocate(size_t bytes);
  static bool owns(const void* p);
  static void release(void* p, size_t bytes);
};

template <class T>
struct GcListAllocator {
  using value_type = T;
  GcListAllocator() = default;
  template <class U>
  explicit GcListAllocator(const GcListAllocator<U>&) {}

  T* allocate(size_t n) {
    void* p = ::operator new(n * sizeof(T), std::nothrow);
    if (p == nullptr) [[unlikely]]
      p = GcRescue::allocate(n * sizeof(T));
    return static_cast<T*>(p);
  }
  void deallocate(T* p, size_t n) {
    if (GcRescue::owns(p)) [[unlikely]]
      return GcRescue::release(p, n * sizeof(T));
    ::operator delete(p);
  }
  friend bool operator==(const GcListAllocator&, const GcListAllocator&) { return true; }
};

template <class T>
using GcList = std::vector<T, GcListAllocator<T>>;

}  // namespace ashlar::runtime
