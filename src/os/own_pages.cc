// Linux: the ioctl PAGEMAP_SCAN (6.7) and getrusage(RUSAGE_THREAD). Both are tried out before they are believed:
// kernels that only look like Linux answer anything.
#include "os/own_pages.h"

#include <atomic>
#include <mutex>

#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/pages.h"

namespace ashlar::os {

namespace {

// As in <linux/fs.h>, which older systems have without it.
struct ScanRegion {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};
struct ScanArgument {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t regions;
  uint64_t region_count;
  uint64_t max_pages;
  uint64_t inverted;
  uint64_t all_of;
  uint64_t any_of;
  uint64_t wanted;
};
constexpr unsigned long kScan = _IOWR('f', 16, ScanArgument);
constexpr uint64_t kIsFile = 1 << 2;
constexpr uint64_t kIsPresent = 1 << 3;
constexpr uint64_t kIsSwapped = 1 << 4;
constexpr uint64_t kIsZeroPage = 1 << 5;

constexpr int kUnopened = -1;
constexpr int kUseless = -2;
std::atomic<int> g_pagemap{kUnopened};
std::mutex g_open_mutex;

/// Adds regions to `out`, which has `count` of them. False when it is full.
bool add_regions(std::span<const ScanRegion> regions, std::span<PageRange> out, size_t& count) {
  for (const ScanRegion& region : regions) {
    auto* const from = reinterpret_cast<uint8_t*>(region.start);
    auto* const to = reinterpret_cast<uint8_t*>(region.end);
    if (count != 0 && out[count - 1].end == from) {
      out[count - 1].end = to;
      continue;
    }
    if (count == out.size()) return false;
    out[count++] = {from, to};
  }
  return true;
}

size_t scan(int pagemap, uint8_t* begin, uint8_t* end, std::span<PageRange> out) {
  constexpr size_t kMost = 64;
  ScanRegion regions[kMost];
  ScanArgument a{};
  a.size = sizeof a;
  a.start = reinterpret_cast<uintptr_t>(begin);
  a.end = reinterpret_cast<uintptr_t>(end);
  a.regions = reinterpret_cast<uintptr_t>(regions);
  a.region_count = kMost;
  // Neither a file's page nor the page of zeros, and somewhere.
  a.inverted = kIsFile | kIsZeroPage;
  a.all_of = kIsFile | kIsZeroPage;
  a.any_of = kIsPresent | kIsSwapped;
  a.wanted = kIsPresent;
  // It stops where there is no room for a region.
  for (size_t count = 0;;) {
    const int found = ::ioctl(pagemap, kScan, &a);
    if (found < 0 || found > static_cast<int>(kMost)) return kUnknownPages;
    if (!add_regions(std::span(regions).first(static_cast<size_t>(found)), out, count)) return kUnknownPages;
    if (a.walk_end == a.end) return count;
    if (a.walk_end <= a.start || a.walk_end > a.end) return kUnknownPages;
    a.start = a.walk_end;
  }
}

/// Whether a page that was written is found, and one beside it that was only read is not.
bool scan_works(int pagemap) {
  const size_t page = page_size();
  uint8_t* pages = map_pages(3 * page);
  if (pages == nullptr) return false;
  *const_cast<volatile uint8_t*>(pages + page) = 1;
  static_cast<void>(*const_cast<volatile uint8_t*>(pages));
  PageRange found[2];
  const size_t count = scan(pagemap, pages, pages + 3 * page, found);
  const bool right = count == 1 && found[0].begin == pages + page && found[0].end == pages + 2 * page;
  release_pages(pages, 3 * page);
  return right;
}

int pagemap() {
  const int known = g_pagemap.load(std::memory_order_acquire);
  if (known != kUnopened) [[likely]]
    return known;
  std::lock_guard lock(g_open_mutex);
  if (g_pagemap.load() != kUnopened) return g_pagemap.load();
  static std::once_flag once;
  // In a child the descriptor still shows the parent's memory.
  std::call_once(once, [] {
    ::pthread_atfork(nullptr, nullptr, [] {
      if (const int fd = g_pagemap.exchange(kUnopened); fd >= 0) ::close(fd);
    });
  });
  int fd = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && !scan_works(fd)) {
    ::close(fd);
    fd = -1;
  }
  g_pagemap.store(fd >= 0 ? fd : kUseless, std::memory_order_release);
  return g_pagemap.load();
}

uint64_t minor_faults() {
  rusage usage{};
  return ::getrusage(RUSAGE_THREAD, &usage) == 0 ? static_cast<uint64_t>(usage.ru_minflt) : 0;
}

/// Whether the count rises with a page that is written first.
bool counting_works() {
  const size_t page = page_size();
  uint8_t* pages = map_pages(page);
  if (pages == nullptr) return false;
  const uint64_t before = minor_faults();
  *const_cast<volatile uint8_t*>(pages) = 1;
  const uint64_t after = minor_faults();
  release_pages(pages, page);
  return after > before;
}

std::atomic<uint64_t> g_threads{0};
constinit thread_local FaultCount t_last{};

}  // namespace

size_t find_own_pages(uint8_t* begin, uint8_t* end, std::span<PageRange> out) {
  if (begin == end) return 0;
  const int fd = pagemap();
  return fd < 0 ? kUnknownPages : scan(fd, begin, end, out);
}

FaultCount last_fault_count() { return t_last; }

FaultCount count_faults() {
  static const bool works = [] {
    // A child's thread counts from zero: it gets another number.
    ::pthread_atfork(nullptr, nullptr, [] { t_last = {}; });
    return counting_works();
  }();
  if (!works) return {};
  if (t_last.thread == 0) t_last.thread = g_threads.fetch_add(1, std::memory_order_relaxed) + 1;
  t_last.faults = minor_faults();
  return t_last;
}

}  // namespace ashlar::os
