// The stack of a thread, asked once a thread: for the first thread the system reads a file. Other stacks are looked up
// among the mappings of the process, each time.
#include "os/thread_stack.h"

#include <pthread.h>

#include <cstdint>
#include <cstdio>

namespace ashlar::os {

namespace {

struct Range {
  uintptr_t low = 0;
  uintptr_t end = 0;
  bool contains(uintptr_t p) const { return p >= low && p < end; }
};

Range own_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
  void* low = nullptr;
  size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &low, &size) == 0;
  pthread_attr_destroy(&attributes);
  const auto begin = reinterpret_cast<uintptr_t>(low);
  return known ? Range{begin, begin + size} : Range{};
}

Range mapping_of(uintptr_t p) {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return {};
  Range found;
  char line[512];
  while (found.end == 0 && std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long low = 0;
    unsigned long end = 0;
    if (std::sscanf(line, "%lx-%lx", &low, &end) != 2) continue;
    if (const Range range{low, end}; range.contains(p)) found = range;
  }
  std::fclose(maps);
  return found;
}

}  // namespace

const void* stack_end(const void* sp) {
  thread_local const Range own = own_stack();
  const auto p = reinterpret_cast<uintptr_t>(sp);
  return reinterpret_cast<const void*>(own.contains(p) ? own.end : mapping_of(p).end);
}

}  // namespace ashlar::os
