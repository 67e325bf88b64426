// Depth-first search with a stack of its own; see graph.h.
#include "wit/graph.h"

#include <cstddef>

namespace ashlar::wit {
namespace {

enum class State : uint8_t { New, Open, Done };
struct Frame {
  uint32_t node;
  size_t next_edge;
};

Cycle cycle_of(const std::vector<Frame>& stack, const Edge& closing) {
  Cycle cycle{{}, closing};
  size_t first = stack.size() - 1;
  while (stack[first].node != closing.to) --first;
  for (size_t i = first; i < stack.size(); ++i) cycle.nodes.push_back(stack[i].node);
  return cycle;
}

}  // namespace

std::optional<Cycle> topological_order(const Graph& graph, std::vector<uint32_t>& order) {
  order.clear();
  std::vector<State> state(graph.size());
  std::vector<Frame> stack;
  for (uint32_t root = 0; root < graph.size(); ++root) {
    if (state[root] != State::New) continue;
    state[root] = State::Open;
    stack.push_back({root, 0});
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next_edge == graph[top.node].size()) {
        state[top.node] = State::Done;
        order.push_back(top.node);
        stack.pop_back();
        continue;
      }
      const Edge& edge = graph[top.node][top.next_edge++];
      if (state[edge.to] == State::Open) return cycle_of(stack, edge);
      if (state[edge.to] == State::Done) continue;
      state[edge.to] = State::Open;
      stack.push_back({edge.to, 0});
    }
  }
  return std::nullopt;
}

}  // namespace ashlar::wit
