// What an image says of its module, so that loading it takes no longer for a large one: functions, elements, and data
// laid out.
#include <algorithm>
#include <cstring>
#include <utility>

#include "native/image.h"

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

uint64_t offset_of(const Data& data) {
  const module::ConstInst& inst = data.offset.insts[0];
  return inst.op == isa::Op::i32_const ? static_cast<uint32_t>(inst.bits[0]) : inst.bits[0];
}

/// Whether instantiation can't but write the segment at a place known now: memory 0 is the module's own, at least so
/// large, and nobody has seen it before.
bool is_fixed(const Data& data, uint64_t memory_bytes) {
  if (data.mode != module::SegmentMode::Active || data.memory != 0 || data.offset.insts.size() != 1) return false;
  const isa::Op op = data.offset.insts[0].op;
  if (op != isa::Op::i32_const && op != isa::Op::i64_const) return false;
  const uint64_t at = offset_of(data);
  return at <= memory_bytes && data.bytes_size <= memory_bytes - at;
}

/// The pages that the segments touch, those near each other joined.
std::vector<Range> touched(const Module& m) {
  constexpr uint64_t kMask = module::kLaidOutAlignment - 1;
  std::vector<Range> all;
  for (const Data& data : m.datas) {
    if (data.bytes_size == 0) continue;
    const uint64_t at = offset_of(data);
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
  // More pages than there can be bytes: never instantiated.
  const uint64_t pages = std::min<uint64_t>(m.memories[0].type.limits.min, uint64_t{1} << 47);
  uint64_t bytes = 0;
  for (const Data& data : m.datas) {
    if (!is_fixed(data, pages << 16)) return;
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
    const uint64_t at = offset_of(data);
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
