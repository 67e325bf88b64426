// The spanning tree: nodes are both ends of each block, and one for offset 0, where the register is set.
#include "optimizing/fuel_offsets.h"

#include <llvm/Analysis/BlockFrequencyInfo.h>
#include <llvm/Analysis/BranchProbabilityInfo.h>
#include <llvm/Analysis/CFG.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace ashlar::optimizing {

namespace {

using Node = uint32_t;
constexpr Node kAnew = 0;

/// Sets of nodes whose distances are known.
class Distances {
 public:
  explicit Distances(size_t nodes) : to_(nodes), distance_(nodes, 0) { std::iota(to_.begin(), to_.end(), 0U); }

  /// How far `n` is from the node that stands for its set.
  std::pair<Node, int64_t> find(Node n) {
    int64_t sum = 0;
    Node top = n;
    for (; to_[top] != top; top = to_[top]) sum += distance_[top];
    int64_t rest = sum;
    while (to_[n] != top && n != top) {
      const Node next = to_[n];
      const int64_t step = distance_[n];
      to_[n] = top;
      distance_[n] = rest;
      rest -= step;
      n = next;
    }
    return {top, sum};
  }
  /// Says that `b` is `distance` from `a`, unless more is known.
  bool join(Node a, Node b, int64_t distance) {
    const auto [top_a, from_a] = find(a);
    const auto [top_b, from_b] = find(b);
    if (top_a == top_b) return false;
    // What nothing fixes hangs below offset 0.
    if (top_b == find(kAnew).first) {
      to_[top_a] = top_b;
      distance_[top_a] = from_b - distance - from_a;
    } else {
      to_[top_b] = top_a;
      distance_[top_b] = from_a + distance - from_b;
    }
    return true;
  }

 private:
  std::vector<Node> to_;
  std::vector<int64_t> distance_;
};

struct Way {
  FuelOffsets::Block from;
  FuelOffsets::Block to;
  Node begin;
  Node end;
  int64_t charge;
  uint64_t cost;  ///< of a correction there
};

}  // namespace

FuelOffsets::FuelOffsets(llvm::Function& f, const llvm::DenseMap<Block, FuelBlock>& blocks) {
  const llvm::DominatorTree tree(f);
  const llvm::LoopInfo loops(tree);
  const llvm::BranchProbabilityInfo likely(f, loops);
  const llvm::BlockFrequencyInfo often(f, likely, loops);
  llvm::DenseMap<Block, Node> numbers;
  Node next = 1;
  for (llvm::BasicBlock& b : f) numbers[&b] = std::exchange(next, next + 2);
  std::vector<Way> ways;
  for (llvm::BasicBlock& b : f) {
    const FuelBlock what = blocks.lookup(&b);
    const Node in = numbers[&b];
    const uint64_t frequency = std::min<uint64_t>(often.getBlockFreq(&b).getFrequency(), uint64_t{1} << 60);
    ways.push_back({&b, &b, what.starts_anew ? kAnew : in, in + 1, what.charge, frequency});
    llvm::SmallPtrSet<Block, 8> seen;
    for (Block to : llvm::successors(&b)) {
      if (!seen.insert(to).second || blocks.lookup(to).ignores_entry) continue;
      const bool needs_block = b.getUniqueSuccessor() == nullptr && to->getUniquePredecessor() == nullptr;
      const uint64_t taken = likely.getEdgeProbability(&b, to).scale(frequency);
      ways.push_back({&b, to, in + 1, numbers[to], 0, needs_block ? 3 * taken : taken});
    }
  }
  std::ranges::sort(ways,
                    [](const Way& a, const Way& b) { return std::pair(b.cost, a.begin) < std::pair(a.cost, b.begin); });
  Distances distances(next);
  std::vector<const Way*> others;
  for (const Way& way : ways)
    if (!distances.join(way.begin, way.end, way.charge)) others.push_back(&way);
  // Offset 0 may hang below another node.
  const int64_t zero = distances.find(kAnew).second;
  for (llvm::BasicBlock& b : f) at_[&b] = distances.find(numbers[&b]).second - zero;
  for (const Way* way : others) {
    const int64_t amount = distances.find(way->begin).second + way->charge - distances.find(way->end).second;
    if (amount != 0) corrections_.push_back({way->from, way->to, amount});
  }
}

}  // namespace ashlar::optimizing
