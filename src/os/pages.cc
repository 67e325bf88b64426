// POSIX implementation of page reservation and protection.
#include "os/pages.h"

#include <sys/mman.h>
#include <unistd.h>

namespace ashlar::os {

namespace {

// MAP_NORESERVE: a reservation of gigabytes must not count against the machine's commit limit.
uint8_t* map(uint64_t bytes, int protection) {
  void* p = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<uint8_t*>(p);
}

}  // namespace

size_t page_size() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

uint64_t round_up_to_pages(uint64_t bytes) {
  const uint64_t mask = page_size() - 1;
  return (bytes + mask) & ~mask;
}

uint8_t* reserve_pages(uint64_t bytes) { return map(bytes, PROT_NONE); }

uint8_t* reserve_pages_around(uint64_t before, uint64_t bytes, uint64_t alignment) {
  const uint64_t whole = before + bytes + alignment;
  uint8_t* range = reserve_pages(whole);
  if (range == nullptr) return nullptr;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(range);
  const uintptr_t middle = (begin + before + alignment - 1) & ~(alignment - 1);
  if (middle - before > begin) munmap(range, middle - before - begin);
  if (middle + bytes < begin + whole) munmap(reinterpret_cast<void*>(middle + bytes), begin + whole - middle - bytes);
  return reinterpret_cast<uint8_t*>(middle);
}

uint8_t* map_pages(uint64_t bytes) { return map(bytes, PROT_READ | PROT_WRITE); }

bool open_pages(uint8_t* address, uint64_t bytes) { return mprotect(address, bytes, PROT_READ | PROT_WRITE) == 0; }

bool map_file_pages(uint8_t* address, uint64_t bytes, int file, uint64_t offset) {
  const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
  return mmap(address, bytes, PROT_READ | PROT_WRITE, flags, file, static_cast<off_t>(offset)) != MAP_FAILED;
}

void populate_pages([[maybe_unused]] void* address, [[maybe_unused]] uint64_t bytes) {
#ifdef MADV_POPULATE_WRITE
  const uintptr_t begin = round_up_to_pages(reinterpret_cast<uintptr_t>(address));
  const uintptr_t end = (reinterpret_cast<uintptr_t>(address) + bytes) & ~(page_size() - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
#endif
}

bool discard_pages(uint8_t* address, uint64_t bytes) { return madvise(address, bytes, MADV_DONTNEED) == 0; }

bool deny_writing(uint8_t* address, uint64_t bytes) { return mprotect(address, bytes, PROT_READ) == 0; }

bool close_pages(uint8_t* address, uint64_t bytes) { return mprotect(address, bytes, PROT_NONE) == 0; }

void keep_pages_small([[maybe_unused]] uint8_t* address, [[maybe_unused]] uint64_t bytes) {
#ifdef MADV_NOHUGEPAGE
  madvise(address, bytes, MADV_NOHUGEPAGE);
#endif
}

bool reset_to_reservation(uint8_t* address, uint64_t bytes) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  return mmap(address, bytes, PROT_NONE, flags, -1, 0) != MAP_FAILED;
}

void release_pages(uint8_t* address, uint64_t bytes) { munmap(address, bytes); }

}  // namespace ashlar::os
