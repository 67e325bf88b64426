// The table of fused sequences and its lookup.
#include "interp/fuse.h"

#include <array>
#include <cstddef>
#include <iterator>

namespace ashlar::interp {
namespace {

using enum isa::Op;

constexpr FusedRow kRows[] = {
    {nullptr, 0, {}},
#define FUSE(...) fused<__VA_ARGS__>(),
#define FUSE_IF(...) fused_if<__VA_ARGS__>(),
#define FUSE_BR(...) fused_br<__VA_ARGS__>(),
#define FUSE_RET(...) fused_ret<__VA_ARGS__>(),
#include "interp/fused.def"
#undef FUSE
#undef FUSE_IF
#undef FUSE_BR
#undef FUSE_RET
};

/// A trie over the rows' keys, built by the compiler so that a start costs nothing: edges in an open-addressing table.
constexpr size_t edge_cells() {
  size_t keys = 0;
  for (const FusedRow& row : kRows) keys += row.n;
  size_t n = 64;
  while (n < keys) n *= 2;  // rows share prefixes: about half of it will be filled
  return n;
}
inline constexpr size_t kEdgeCells = edge_cells();

struct Trie {
  std::array<FusedEdge, kEdgeCells> edges{};
  std::array<uint16_t, kEdgeCells> row_of{};  ///< by node; 0: no row ends there
};

consteval Trie make_trie() {
  Trie t;
  uint16_t nodes = 1;
  for (size_t r = 0; r < std::size(kRows); ++r) {
    uint16_t node = 0;
    for (int k = 0; k < kRows[r].n; ++k) {
      size_t i = fused_hash(node, kRows[r].keys[k]) & (kEdgeCells - 1);
      while (t.edges[i].to != 0 && !(t.edges[i].from == node && t.edges[i].key == kRows[r].keys[k]))
        i = (i + 1) & (kEdgeCells - 1);
      if (t.edges[i].to == 0) t.edges[i] = {kRows[r].keys[k], node, nodes++};
      node = t.edges[i].to;
    }
    if (kRows[r].n != 0) t.row_of[node] = static_cast<uint16_t>(r);
  }
  return t;
}
constinit const Trie kTrie = make_trie();

/// By row: what is left of the rows when the trie has been built, so that few pages are touched.
consteval std::array<Handler, std::size(kRows)> make_handlers() {
  std::array<Handler, std::size(kRows)> out{};
  for (size_t r = 0; r < std::size(kRows); ++r) out[r] = kRows[r].handler;
  return out;
}
constinit const std::array<Handler, std::size(kRows)> kHandlers = make_handlers();

}  // namespace

const FusedEdge* const kFusedEdges = kTrie.edges.data();
const size_t kFusedEdgeMask = kEdgeCells - 1;

Handler fused_handler(uint32_t node) { return kHandlers[kTrie.row_of[node]]; }

}  // namespace ashlar::interp
