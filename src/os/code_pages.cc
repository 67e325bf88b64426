// POSIX implementation of pages with machine code.
#include "os/code_pages.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "os/pages.h"

namespace ashlar::os {

SysResult<uint8_t*> map_file(const Fd& file, uint64_t bytes, uint64_t offset) {
  void* p = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file.raw(), static_cast<off_t>(offset));
  if (p == MAP_FAILED) return std::unexpected(errno);
  return static_cast<uint8_t*>(p);
}

SysResult<uint8_t*> copy_to_pages(std::span<const uint8_t> bytes) {
  const uint64_t size = round_up_to_pages(bytes.size());
  uint8_t* pages = size == 0 ? nullptr : map_pages(size);
  if (pages == nullptr) return std::unexpected(ENOMEM);
  std::memcpy(pages, bytes.data(), bytes.size());
  if (mprotect(pages, size, PROT_READ) != 0) {
    const int error = errno;
    release_pages(pages, size);
    return std::unexpected(error);
  }
  return pages;
}

SysResult<void> allow_execution(uint8_t* address, uint64_t bytes) {
  const uint64_t size = round_up_to_pages(bytes);
  // Where instruction and data caches are not coherent, the bytes just written are not yet what would be executed.
  char* begin = reinterpret_cast<char*>(address);
  __builtin___clear_cache(begin, begin + bytes);
  if (mprotect(address, size, PROT_READ | PROT_EXEC) != 0) return std::unexpected(errno);
  return {};
}

SysResult<void> detach_from_file(const uint8_t* address, uint64_t bytes) {
  const uint64_t size = round_up_to_pages(bytes);
  const std::vector<uint8_t> content(address, address + size);
  void* const place = const_cast<uint8_t*>(address);
  if (mmap(place, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    return std::unexpected(errno);
  }
  std::memcpy(place, content.data(), size);
  return allow_execution(static_cast<uint8_t*>(place), size);
}

}  // namespace ashlar::os
