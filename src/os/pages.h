// Owns address space: reserving, opening and releasing ranges of pages; the only place that changes protection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar::os {

/// Bytes of a page of this machine; a power of two.
size_t page_size();
/// `bytes` rounded up to whole pages; 0 when that overflows.
uint64_t round_up_to_pages(uint64_t bytes);

/// Reserves address space that faults when touched and costs no memory. Null when there is none left.
/// `bytes` is a multiple of page_size().
uint8_t* reserve_pages(uint64_t bytes);
/// Reserves like reserve_pages `before` bytes in front of, and `bytes` bytes behind an address that is a multiple of
/// `alignment` (a power of two), and gives that address. Null when there is no such range.
uint8_t* reserve_pages_around(uint64_t before, uint64_t bytes, uint64_t alignment);
/// Reserves pages that read as zero and are committed when first written. Null when there is no address space left.
uint8_t* map_pages(uint64_t bytes);
/// Makes pages of a reservation readable and writable; new ones read as zero. `address` and `bytes` are multiples of
/// page_size(). False when the system refuses.
bool open_pages(uint8_t* address, uint64_t bytes);
/// Puts the contents of a file in place of pages of a reservation, readable and writable; what is written stays with
/// this process. Everything is a multiple of page_size(). False when the system refuses; the pages are as they were
/// then.
bool map_file_pages(uint8_t* address, uint64_t bytes, int file, uint64_t offset);
/// Asks for the memory of whole pages inside [address, address + bytes) at once, which is cheaper than page by page
/// when all will be written. Does nothing where the system can't.
void populate_pages(void* address, uint64_t bytes);
/// Gives the memory of open pages back to the system; they read as zero from then on. False, and nothing done, where
/// the system refuses (locked pages).
bool discard_pages(uint8_t* address, uint64_t bytes);
/// Makes open pages of a reservation fault again when touched; what they hold stays. False when the system refuses.
bool close_pages(uint8_t* address, uint64_t bytes);
/// Makes accessible pages fault when they are written. False when the system refuses.
bool deny_writing(uint8_t* address, uint64_t bytes);
/// Lets the system give memory to these pages one by one only, as they are touched: for many small things, of which
/// each is to use little.
void keep_pages_small(uint8_t* address, uint64_t bytes);
/// Turns mapped pages into a reservation again, whatever is there. False when the system refuses.
bool reset_to_reservation(uint8_t* address, uint64_t bytes);
/// Gives a whole reservation back.
void release_pages(uint8_t* address, uint64_t bytes);

}  // namespace ashlar::os
