// The search that the cache of unwinding saves.
#include "native/unwind_cache.h"

#include <new>

namespace ashlar::native {

UnwindStep UnwindCache::begin(const void* pc, uint64_t gone) {
  entries_.reset(new (std::nothrow) Entries{});
  if (entries_ != nullptr) return at(pc, gone);
  Entry none;
  return look_up(pc, gone, none);
}

UnwindStep UnwindCache::look_up(const void* pc, uint64_t gone, Entry& entry) {
  const Image* image = find_image(pc);
  const FrameRow* row = image == nullptr ? nullptr : image->find_frame(pc, true);
  if (row == nullptr) return {};
  entry = {pc, gone, {row, image->find_pad(*row, pc)}};
  return entry.step;
}

}  // namespace ashlar::native
