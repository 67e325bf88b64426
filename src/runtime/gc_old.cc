// The old generation: holes of free lines to allocate in, and which object an address lies in.
#include <algorithm>

#include "runtime/gc_heap.h"

namespace ashlar::runtime {

namespace {

/// The first line at or behind `line` whose bit is `value`; kLines: none. `bits`: the lines of one block.
uint32_t find_line(const uint64_t* bits, uint32_t line, bool value) {
  while (line < GcSpace::kLines) {
    const uint64_t word = (value ? bits[line >> 6] : ~bits[line >> 6]) >> (line & 63);
    if (word != 0) return line + static_cast<uint32_t>(__builtin_ctzll(word));
    line = (line | 63) + 1;
  }
  return GcSpace::kLines;
}

}  // namespace

/// The next hole of the block that is being filled, or of another; false: no memory. Blocks with holes are used before
/// free ones.
bool GcHeap::next_hole() {
  uint32_t line = 0;
  if (hole_.end != 0) {
    line = ((hole_.end - 1) >> GcSpace::kLineBits) % GcSpace::kLines + 1;
  }
  for (;;) {
    if (hole_block_ != 0 && line < GcSpace::kLines) {
      uint64_t* lines = space_.lines + hole_block_ * (GcSpace::kLines / 64);
      const uint32_t first = find_line(lines, line, false);
      if (first < GcSpace::kLines) {
        const uint32_t last = find_line(lines, first, true);
        for (uint32_t l = first; l < last; ++l) GcSpace::set(lines, l);
        const uint32_t begin = hole_block_ << GcSpace::kBlockBits;
        hole_ = {begin + (first << GcSpace::kLineBits), begin + (last << GcSpace::kLineBits)};
        return true;
      }
    }
    line = 0;
    hole_block_ = 0;
    if (partial_.empty() && phase_ == Phase::Sweeping) sweep_some(16);
    if (!partial_.empty()) {
      hole_block_ = partial_.back();
      partial_.pop_back();
      continue;
    }
    hole_block_ = space_.take(1, GcSpace::Kind::Old);
    if (hole_block_ == 0) {
      hole_ = {};
      return false;
    }
  }
}

/// Objects wider than a line that do not fit go to blocks of their own kind, so that holes are not passed over.
GcRef GcHeap::alloc_old_slow(uint64_t bytes) {
  for (;;) {
    if (bytes <= hole_.end - hole_.at) {
      const GcRef r = hole_.at;
      hole_.at += static_cast<uint32_t>(bytes);
      return r;
    }
    if (bytes > GcSpace::kLineSize) break;
    if (!next_hole()) return kNullRef;
  }
  if (bytes > wide_hole_.end - wide_hole_.at) {
    const uint32_t block = space_.take(1, GcSpace::Kind::Old);
    if (block == 0) return kNullRef;
    const uint32_t begin = block << GcSpace::kBlockBits;
    // What is left of the one before can't be used until it is swept.
    GcSpace::set_lines(space_.lines, begin, GcSpace::kBlockSize);
    wide_hole_ = {begin, begin + GcSpace::kBlockSize};
  }
  const GcRef r = wide_hole_.at;
  wide_hole_.at += static_cast<uint32_t>(bytes);
  return r;
}

GcRef GcHeap::find_in_nursery(uint32_t p) const {
  const uint32_t begin = p & ~(GcSpace::kBlockSize - 1);
  const bool current = block_end_ == uint64_t{begin} + GcSpace::kBlockSize;
  const uint32_t used = current ? cursor_->top : begin + space_.block(p >> GcSpace::kBlockBits).used_words * 8u;
  if (p >= used) return kNullRef;
  uint32_t chunk = p >> GcSpace::kChunkBits;
  // An object may begin some chunks before.
  while ((chunk << GcSpace::kChunkBits) + space_.crossings[chunk] * 8u > p) --chunk;
  uint32_t r = (chunk << GcSpace::kChunkBits) + space_.crossings[chunk] * 8u;
  for (;;) {
    const auto end = static_cast<uint32_t>(r + space_.object_size(*header(r)));
    if (p < end) return r;
    r = end;
  }
}

GcRef GcHeap::find_in_old(uint32_t p) const {
  const uint32_t block = p >> GcSpace::kBlockBits;
  const uint64_t* bits = space_.block(block).swept != 0 ? space_.starts : space_.marks;
  const uint32_t first = (block << GcSpace::kBlockBits) >> 9;
  uint32_t i = p >> 9;
  uint64_t word = bits[i] & (~uint64_t{0} >> (63 - (p >> 3 & 63)));
  while (word == 0) {
    if (i == first) return kNullRef;
    word = bits[--i];
  }
  const GcRef r = (i << 9) + (63 - static_cast<uint32_t>(__builtin_clzll(word))) * 8;
  return p < r + space_.object_size(*header(r)) ? r : kNullRef;
}

GcRef GcHeap::find_object(uint32_t p) const {
  uint32_t block = p >> GcSpace::kBlockBits;
  switch (space_.kind(block)) {
    case GcSpace::Kind::Free:
      return kNullRef;
    case GcSpace::Kind::Nursery:
      return find_in_nursery(p);
    case GcSpace::Kind::Old:
    case GcSpace::Kind::Pinned:
      return find_in_old(p);
    case GcSpace::Kind::LargeTail:
      block = space_.block(block).large;
      break;
    case GcSpace::Kind::Large:
    case GcSpace::Kind::LargeYoung:
      break;
  }
  // A dead one that has not been swept yet is none.
  const GcRef r = block << GcSpace::kBlockBits;
  if (space_.block(block).swept == 0 && !GcSpace::test(space_.marks, r >> 3)) return kNullRef;
  return p < r + space_.object_size(*header(r)) ? r : kNullRef;
}

}  // namespace ashlar::runtime
