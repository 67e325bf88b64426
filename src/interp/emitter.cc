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
    size_t at = code_.size();
    code_.resize(at + pending_[i].size);
    std::memcpy(code_.data() + at, pending_[i].bytes, pending_[i].size);
  }
  end_misc();
  for (int i = n; i < count_; ++i) pending_[i - n] = pending_[i];
  count_ -= n;
  return start;
}

void Emitter::commit_first() {
  Key keys[kMaxFused + 1];
  for (int i = 0; i < count_; ++i) keys[i] = pending_[i].key;
  for (int n = count_ < kMaxFused ? count_ : kMaxFused; n > 1; --n) {
    if (Handler h = find_fused(keys, n)) {
      write(n, h);
      return;
    }
  }
  write(1, find_handler(keys[0]));
}

void Emitter::step(const Step& s) {
  // The newest step stays changeable, so all but it may be committed.
  while (count_ > 0) {
    Key keys[kMaxFused + 2];
    for (int i = 0; i < count_; ++i) keys[i] = pending_[i].key;
    keys[count_] = s.key;
    if (count_ < kMaxFused && is_fused_prefix(keys, count_)) break;
    commit_first();
  }
  pending_[count_++] = s;
  ++serial_;
}

Fixup Emitter::branch(Step s) {
  s.put<int32_t>(0);
  step(s);
  while (count_ > 1) {
    Key keys[kMaxFused + 1];
    for (int i = 0; i < count_; ++i) keys[i] = pending_[i].key;
    Handler h = count_ <= kMaxFused ? find_fused(keys, count_) : nullptr;
    if (h != nullptr) {
      int total = 0;
      for (int i = 0; i < count_; ++i) total += pending_[i].size;
      uint32_t at = write(count_, h) + 8 + static_cast<uint32_t>(total) - 4;
      return {at, at};
    }
    commit_first();
    if (count_ == 0) break;
  }
  // commit_first never swallows the branch alone: a fused tail would have been found above.
  int total = pending_[0].size;
  uint32_t at = write(1, find_handler(pending_[0].key)) + 8 + static_cast<uint32_t>(total) - 4;
  return {at, at};
}

void Emitter::bind(Fixup f, uint32_t target) { patch(f.at, static_cast<int32_t>(target) - static_cast<int32_t>(f.from)); }

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
