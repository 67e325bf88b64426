// Orders things behind what they depend on.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ashlar::wit {

/// `to` is needed; where that is said is the caller's business.
struct Edge {
  uint32_t to;
  uint32_t file;
  uint32_t at;
};
/// The edges of each node, by number.
using Graph = std::vector<std::vector<Edge>>;

struct Cycle {
  std::vector<uint32_t> nodes;  ///< each needs the next, the last needs the first
  Edge closing;                 ///< from the last to the first
};

/// All nodes, each behind those that it needs, otherwise in the order of their numbers. A cycle if there is one; then
/// `order` is of no use. Needs no stack, however long the chains.
std::optional<Cycle> topological_order(const Graph& graph, std::vector<uint32_t>& order);

}  // namespace ashlar::wit
