// What the system knows of pages that were written, and of page faults: so that little is done to make memory new
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ashlar::os {

struct PageRange {
  uint8_t* begin;
  uint8_t* end;
  uint64_t bytes() const { return static_cast<uint64_t>(end - begin); }
};

/// Not a number of ranges: the system does not tell, or there are more than were asked for.
inline constexpr size_t kUnknownPages = ~size_t{0};

/// The pages of [begin, end), a private mapping, that are this process's own: those written since they were mapped or
/// discarded, in ascending ranges. Their number, or kUnknownPages. Whole pages; thread-safe.
size_t find_own_pages(uint8_t* begin, uint8_t* end, std::span<PageRange> out);

/// How many page faults a thread has had: between two equal ones it wrote no page that was not its process's own
/// before.
struct FaultCount {
  uint64_t thread = 0;  ///< 0: unknown
  uint64_t faults = 0;
};
/// What count_faults() gave the calling thread last; no system call.
FaultCount last_fault_count();
/// Unknown where the system does not count.
FaultCount count_faults();
/// Whether both are known, of one thread, and equal.
inline bool no_faults_between(const FaultCount& a, const FaultCount& b) {
  return a.thread != 0 && a.thread == b.thread && a.faults == b.faults;
}

}  // namespace ashlar::os
