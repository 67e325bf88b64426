// The allocator of a test program that fails where it is told: operator new, malloc and its kin, mmap, new threads.
#pragma once

#include <cstdint>

namespace oom {

/// Which allocation fails, counted from 1 while the injector is on.
struct Plan {
  uint64_t at = 0;         ///< 0: none
  bool and_later = false;  ///< all behind it, too
  uint64_t stop = 0;       ///< at which the process gets SIGTRAP, for a debugger
};

/// Sets the plan and counts from the beginning; off.
void begin(const Plan& plan);
// While it is off nothing fails and nothing is counted.
void turn_on();
void turn_off();
/// How many allocations there were while it was on.
uint64_t count();
/// How many failed.
uint64_t failures();
/// What is allocated now, on or off: blocks of the heap, and bytes of mappings.
int64_t live_blocks();
int64_t mapped_bytes();
/// The number of the oldest block that was allocated while on and is there still; 0: there is none.
uint64_t oldest_block();

}  // namespace oom
