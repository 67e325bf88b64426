// Joining of places to trees of inlined calls.
#include "inspect/inline_tree.h"

namespace ashlar::inspect {

using native::SourceFrame;

std::vector<const SourceFrame*> frames_at(const native::Place& place, const native::SourceLines& lines) {
  std::vector<const SourceFrame*> out;
  constexpr size_t kMost = 256;
  const auto add = [&](uint32_t wasm) {
    const native::SourceRow* row = lines.find(wasm);
    if (row == nullptr || out.size() > kMost) return false;
    for (const SourceFrame& frame : lines.frames_of(*row)) out.push_back(&frame);
    return true;
  };
  bool whole = add(place.wasm);
  for (const uint32_t call : place.inlined_at) whole = whole && add(call);
  if (!whole) out.clear();
  return out;
}

void InlineTree::add(uint32_t begin, uint32_t end, const std::vector<const SourceFrame*>& frames) {
  uint32_t node = 0;
  for (size_t i = frames.size(); i-- > 1;) {
    const SourceFrame* callee = frames[i - 1];
    const SourceFrame* call = frames[i];
    const Key key{node, callee->function, callee->linkage, callee->start_line, call->file, call->line};
    const auto [found, is_new] = found_.try_emplace(key, static_cast<uint32_t>(nodes_.size()));
    if (is_new) {
      nodes_[node].children.push_back(found->second);
      nodes_.push_back({callee, call, {}, {}});
    }
    node = found->second;
    auto& ranges = nodes_[node].ranges;
    if (!ranges.empty() && ranges.back().second == begin) {
      ranges.back().second = end;
    } else {
      ranges.emplace_back(begin, end);
    }
  }
}

}  // namespace ashlar::inspect
