// UnwindCache: what a throw does at return addresses it has met before; private to native.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "native/image.h"

namespace ashlar::native {

/// What a throw does that comes out of a call.
struct UnwindStep {
  const FrameRow* row = nullptr;  ///< of the function that called; null: no compiled function, nothing catches
  const void* pad = nullptr;      ///< where it catches; null: it does not
};

/// Steps by return address, direct-mapped; made by the first throw, because few stores see one. A step holds as long as
/// its image; the number of images that have gone tells whether it may have gone: all older entries are void then. For
/// one thread at a time, like its store.
///
/// The number is read once a throw. No image goes that has frames on the stack, and whatever lies at the place of one
/// that has gone was mapped after it was counted: a throw through it sees the new number.
class UnwindCache {
 public:
  static constexpr size_t kEntries = 256;

  /// The step at return address `pc`; `gone` is images_gone() at the start of this throw.
  UnwindStep at(const void* pc, uint64_t gone) {
    if (entries_ == nullptr) [[unlikely]]
      return begin(pc, gone);
    Entry& entry = (*entries_)[index_of(pc)];
    if (entry.pc != pc || entry.gone != gone) [[unlikely]]
      return look_up(pc, gone, entry);
    return entry.step;
  }

  static size_t index_of(const void* pc) {
    constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
    return reinterpret_cast<uintptr_t>(pc) * kGoldenRatio >> (64 - std::bit_width(kEntries - 1));
  }

 private:
  struct Entry {
    const void* pc = nullptr;
    uint64_t gone = 0;
    UnwindStep step;
  };
  using Entries = std::array<Entry, kEntries>;
  /// The first of all; without memory for the entries nothing is kept.
  UnwindStep begin(const void* pc, uint64_t gone);
  /// Searches the tables of the images. What is in no image is not kept: an image may come there.
  static UnwindStep look_up(const void* pc, uint64_t gone, Entry& entry);

  std::unique_ptr<Entries> entries_;
};

}  // namespace ashlar::native
