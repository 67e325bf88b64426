// The choice of functions that are compiled together.
#include "tiering/batch.h"

#include <algorithm>

#include "binary/body_reader.h"

namespace ashlar::tiering {

namespace {

using module::FuncIdx;

/// What inlining takes, seen from the size of the code.
constexpr uint32_t kSmall = 200;
/// Callees of callees of callees.
constexpr uint32_t kDepth = 3;
/// How much more of callees is taken than of what is hot.
constexpr uint64_t kCalleeShare = 3;

/// The functions that f calls directly, each once, as often as is worth looking.
std::vector<FuncIdx> callees(const module::Module& m, FuncIdx f) {
  std::vector<FuncIdx> out;
  binary::BodyReader reader(m, f, isa::Features::all());
  std::vector<binary::LocalGroup> groups;
  const auto params = static_cast<uint32_t>(m.func_type(f).params.size());
  if (!binary::read_locals(reader, params, ~uint32_t{0} >> 1, groups)) return out;
  binary::Imm imm;
  while (!reader.at_end()) {
    const isa::Op op = reader.next(imm);
    if (op == isa::Op::kCount) break;
    if (op == isa::Op::call || op == isa::Op::return_call) out.push_back(imm.a);
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::vector<FuncIdx> choose_batch(const module::Module& m, std::vector<HotFunction> hot,
                                  const std::vector<bool>& compiled, uint64_t budget) {
  std::ranges::sort(hot, [](const HotFunction& a, const HotFunction& b) {
    return a.samples != b.samples ? a.samples > b.samples : a.func < b.func;
  });
  std::vector<FuncIdx> chosen;
  std::vector<bool> taken(m.funcs.size());
  uint64_t bytes = 0;
  const auto take = [&](FuncIdx f) {
    taken[f] = true;
    bytes += m.funcs[f].body_size;
    chosen.push_back(f);
  };
  for (const HotFunction& h : hot) {
    if (chosen.empty() || bytes + m.funcs[h.func].body_size <= budget) take(h.func);
  }
  // What machine code calls without being itself such costs more than before: the small ones first, there are more.
  const uint64_t most = bytes + kCalleeShare * budget;
  size_t level = 0;
  for (uint32_t depth = 0; depth < kDepth; ++depth) {
    std::vector<FuncIdx> next;
    for (const size_t end = chosen.size(); level < end; ++level) {
      for (FuncIdx f : callees(m, chosen[level])) {
        if (!m.funcs[f].imported && !taken[f] && (!compiled[f] || m.funcs[f].body_size <= kSmall)) next.push_back(f);
      }
    }
    std::ranges::sort(next, [&](FuncIdx a, FuncIdx b) {
      return m.funcs[a].body_size != m.funcs[b].body_size ? m.funcs[a].body_size < m.funcs[b].body_size : a < b;
    });
    for (FuncIdx f : next) {
      if (!taken[f] && bytes + m.funcs[f].body_size <= most) take(f);
    }
  }
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace ashlar::tiering
