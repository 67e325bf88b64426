// What an image says of its module, so that loading it takes no longer for a large one: functions, elements, and data
// laid out.
#include <algorithm>
#include <cstring>
#include <utility>

#include "native/image.h"
#include "runtime/memory_image.h"

namespace ashlar::native {

namespace {

using module::Data;
using module::LaidOutData;
using module::Module;

/// With less than this, copying segment by segment is as fast, and the artifact smaller.
constexpr uint64_t kFewBytes = 32 << 10;
constexpr size_t kFewSegments = 64;
/// Zeros between two runs that are rather written than kept apart.
constexpr uint64_t kMostGap = 32 << 10;
constexpr size_t kMostRuns = 256;
/// Of the artifact, for data that lie scattered.
constexpr uint64_t kMostZeros = 1 << 20;

struct Range {
  uint64_t begin;
  uint64_t end;
};

/// All are fixed. The pages that the segments touch, those near each other joined.
std::vector<Range> touched(const Module& m) {
  constexpr uint64_t kMask = module::kLaidOutAlignment - 1;
  std::vector<Range> all;
  for (const Data& data : m.datas) {
    if (data.bytes_size == 0) continue;
    const uint64_t at = *runtime::fixed_place(m, data);
    all.push_back({at & ~kMask, (at + data.bytes_size + kMask) & ~kMask});
  }
  std::ranges::sort(all, {}, &Range::begin);
  std::vector<Range> out;
  for (const Range& range : all) {
    if (!out.empty() && range.begin <= out.back().end + kMostGap) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

void lay_out(const Module& m, ImageParts& parts) {
  if (m.memories.empty() || m.memories[0].imported || m.memories[0].type.page_size_log2 != 16) return;
  uint64_t bytes = 0;
  for (const Data& data : m.datas) {
    if (data.memory != 0 || !runtime::fixed_place(m, data)) return;
    bytes += data.bytes_size;
  }
  if (bytes <= kFewBytes && m.datas.size() <= kFewSegments) return;
  const std::vector<Range> ranges = touched(m);
  if (ranges.size() > kMostRuns) return;
  uint64_t laid_out = 0;
  for (const Range& range : ranges) laid_out += range.end - range.begin;
  if (laid_out > 2 * bytes + kMostZeros) return;
  for (const Range& range : ranges) {
    const uint64_t size = range.end - range.begin;
    parts.data_runs.push_back({range.begin, parts.data.size(), size});
    parts.data.resize(parts.data.size() + size);
  }
  // In their order: where two overlap, the later counts.
  for (const Data& data : m.datas) {
    if (data.bytes_size == 0) continue;
    const uint64_t at = *runtime::fixed_place(m, data);
    const auto run = std::prev(std::ranges::upper_bound(parts.data_runs, at, {}, &LaidOutData::Run::at));
    std::memcpy(parts.data.data() + run->offset + (at - run->at), m.bytes.data() + data.bytes_offset, data.bytes_size);
  }
  parts.data_laid_out = true;
  parts.data_segments = static_cast<uint32_t>(m.datas.size());
}

}  // namespace

void describe_module(const Module& m, ImageParts& parts) {
  parts.funcs.assign(m.funcs.begin(), m.funcs.end());
  for (const module::Elem& elem : m.elems) parts.elems.insert(parts.elems.end(), elem.funcs.begin(), elem.funcs.end());
  lay_out(m, parts);
}

}  // namespace ashlar::native
