// Which calls of the source were inlined where in a compiled function: by the guest's compiler, or by ours.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "inspect/source.h"

namespace ashlar::inspect {

/// The frames of the source at a place, innermost first, the last one the function's own; none where the function or
/// one between has no lines.
std::vector<const native::SourceFrame*> frames_at(const native::Place& place, const native::SourceLines& lines);

class InlineTree {
 public:
  struct Node {
    const native::SourceFrame* callee = nullptr;  ///< the inlined function; null: the function itself, the first node
    const native::SourceFrame* call = nullptr;    ///< whose line is the call's
    std::vector<std::pair<uint32_t, uint32_t>> ranges;  ///< offsets in the image's code, ascending
    std::vector<uint32_t> children;
  };

  /// The code from `begin` to `end` belongs to these frames. Ranges come ascending.
  void add(uint32_t begin, uint32_t end, const std::vector<const native::SourceFrame*>& frames);
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  /// Parent, callee (name, mangled name, line), line of the call (file, line).
  using Key = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t>;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::map<Key, uint32_t> found_;
};

}  // namespace ashlar::inspect
