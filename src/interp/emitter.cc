// The emitter's greedy fusing and the writing of instructions.
#include "interp/emitter.h"

namespace ashlar::interp {

Handler find_handler(Key key) {
  Op op = static_cast<Op>(op_of(key));
  switch (kind_of(key)) {
    case StepKind::Numeric: {
      const Handler* t = int_table(op);
      if (t == nullptr) t = float_table(op);
      if (t == nullptr) t = simd_table(op);
      return t[index_of(key)];
    }
    case StepKind::Tern:
      return simd_table(op)[index_of(key)];
    case StepKind::Load:
    case StepKind::Store:
    case StepKind::LoadChecked:
    case StepKind::StoreChecked:
      return memory_handler(key);
    case StepKind::CmpBr:
    case StepKind::NezBr:
    case StepKind::Br:
      return branch_handler(key);
    case StepKind::Misc:
      return misc_handler(static_cast<MiscOp>(op_of(key)));
    default:
      return move_handler(key);
  }
}

namespace {
constexpr bool may_fault(Key k) { return kind_of(k) == StepKind::Load || kind_of(k) == StepKind::Store; }
}  // namespace

uint32_t Emitter::write(int n, Handler handler) {
  uint32_t start = position();
  if (trace != nullptr) trace_commit(n, start);
  raw(handler);
  // A fault leaves the instruction pointer at the start, or behind the last step that could have faulted.
  auto responsible = [&](int i) {
    for (int k = i; k < n; ++k)
      if (may_fault(pending_[k].key)) return pending_[k].wasm;
    return pending_[i].wasm;
  };
  record(start, responsible(0));
  for (int i = 0; i < n; ++i) {
    if (i > 0) record(position() - 1, responsible(i));
    std::memcpy(code_.extend(pending_[i].size), pending_[i].bytes, pending_[i].size);
  }
  end_misc();
  for (int i = n; i < count_; ++i) pending_[i - n] = pending_[i];
  count_ -= n;
  return start;
}

/// Writes the longest fused sequence that begins with the oldest step; it alone when there is none.
void Emitter::commit_first() {
  int n = 1;
  Handler handler = nullptr;
  uint32_t node = kFusedRoot;
  for (int i = 0; i < count_ && i < kMaxFused; ++i) {
    if (!fused_edge(node, pending_[i].key, &node)) break;
    if (Handler h = fused_handler(node)) {
      n = i + 1;
      handler = h;
    }
  }
  write(n, handler != nullptr ? handler : find_handler(pending_[0].key));
}

void Emitter::step(const Step& s) {
  // The newest step stays changeable; those before it are followed through the trie as far as it goes.
  while (count_ > 0) {
    uint32_t next;
    if (count_ < kMaxFused && fused_edge(node_, pending_[count_ - 1].key, &next)) {
      node_ = next;
      break;
    }
    commit_first();
    node_ = kFusedRoot;
    for (int i = 0; i + 1 < count_; ++i)
      if (!fused_edge(node_, pending_[i].key, &node_)) node_ = kFusedDead;
  }
  if (count_ == 0) node_ = kFusedRoot;
  pending_[count_++] = s;
  ++serial_;
}

Fixup Emitter::branch(Step s) {
  s.put<int32_t>(0);
  step(s);
  while (count_ > 1) {
    uint32_t node = kFusedRoot;
    bool whole = count_ <= kMaxFused;
    for (int i = 0; whole && i < count_; ++i) whole = fused_edge(node, pending_[i].key, &node);
    Handler h = whole ? fused_handler(node) : nullptr;
    if (h != nullptr) {
      int total = 0;
      for (int i = 0; i < count_; ++i) total += pending_[i].size;
      uint32_t at = write(count_, h) + 8 + static_cast<uint32_t>(total) - 4;
      return {at, at};
    }
    commit_first();
  }
  // commit_first never swallows the branch alone: a fused tail would have been found above.
  int total = pending_[0].size;
  uint32_t at = write(1, find_handler(pending_[0].key)) + 8 + static_cast<uint32_t>(total) - 4;
  return {at, at};
}

void Emitter::bind(Fixup f, uint32_t target) {
  patch(f.at, static_cast<int32_t>(target) - static_cast<int32_t>(f.from));
}

void Emitter::trace_commit(int n, uint32_t start) {
  for (int i = 0; i < n; ++i) trace->push_back({start, pending_[i].key});
}

uint32_t Emitter::begin_misc(MiscOp op, uint32_t wasm) {
  flush();
  uint32_t start = position();
  if (trace != nullptr) trace->push_back({start, TraceEntry::kBoundary});
  record(start, wasm);
  raw(misc_handler(op));
  return start;
}

}  // namespace ashlar::interp
