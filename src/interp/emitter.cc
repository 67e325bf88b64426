// The emitter's greedy fusing and the writing of instructions.
#include "interp/emitter.h"

#include <cstdlib>
#include <new>
#include <utility>

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
    case StepKind::Ret:
      return branch_handler(key);
    case StepKind::StructGet:
    case StepKind::StructSet:
    case StepKind::ArrayGet:
    case StepKind::ArraySet:
    case StepKind::StructNew:
    case StepKind::RefTest:
    case StepKind::TestBr:
    case StepKind::RefUn:
    case StepKind::RefCheck:
    case StepKind::RefFunc:
    case StepKind::TableGet:
      return gc_handler(key);
    case StepKind::Misc:
      return misc_handler(static_cast<MiscOp>(op_of(key)));
    default:
      return move_handler(key);
  }
}

namespace {
constexpr bool may_fault(Key k) { return kind_of(k) == StepKind::Load || kind_of(k) == StepKind::Store; }
}  // namespace

void CodeBuffer::grow(size_t least) {
  capacity_ = std::max(least, capacity_ * 2);
  void* grown = std::realloc(data_.get(), capacity_);
  if (grown == nullptr) throw std::bad_alloc();
  (void)data_.release();
  data_.reset(static_cast<uint64_t*>(grown));
}

CodeWords CodeBuffer::release() {
  if (void* cut = std::realloc(data_.get(), size_)) {
    (void)data_.release();
    data_.reset(static_cast<uint64_t*>(cut));
  }
  size_ = capacity_ = 0;
  return std::move(data_);
}

/// A fault leaves the instruction pointer at the start, or behind the last step that could have faulted.
void Emitter::record_steps(int n, uint32_t start) {
  auto responsible = [&](int i) {
    for (int k = i; k < n; ++k)
      if (may_fault(pending_[k].key)) return pending_[k].wasm;
    return pending_[i].wasm;
  };
  record(start, responsible(0));
  uint32_t at = start + sizeof(Handler);
  for (int i = 0; i < n; ++i) {
    if (i > 0) record(at - 1, responsible(i));
    at += pending_[i].size;
  }
}

uint32_t Emitter::write(int n, Handler handler) {
  const uint32_t start = position();
  if (trace != nullptr) trace_commit(n, start);
  if (offsets != nullptr) record_steps(n, start);
  uint8_t* const begin = code_.room(sizeof handler + kMaxFused * Step::kMaxBytes + sizeof(uint64_t));
  std::memcpy(begin, &handler, sizeof handler);
  uint8_t* at = begin + sizeof handler;
  for (int i = 0; i < n; ++i) {
    // All bytes, used or not: a copy of constant size needs no call. What comes next writes over the rest.
    std::memcpy(at, pending_[i].bytes, Step::kMaxBytes);
    at += pending_[i].size;
  }
  std::memset(at, 0, sizeof(uint64_t));
  code_.advance((static_cast<size_t>(at - begin) + 7) & ~size_t{7});
  for (int i = n; i < count_; ++i) pending_[i - n] = pending_[i];
  count_ -= n;
  followed_ = 0;
  return start;
}

void Emitter::commit_first() {
  for (int n = followed_; n > 1; --n) {
    if (Handler h = fused_handler(path_[n - 1])) {
      write(n, h);
      return;
    }
  }
  write(1, find_handler(pending_[0].key));
}

void Emitter::step(const Step& s) {
  // The newest step stays changeable; those before it are followed through the trie as far as it goes.
  while (count_ > 0) {
    if (follow() && count_ < kMaxFused) break;
    commit_first();
  }
  pending_[count_++] = s;
  ++serial_;
}

uint32_t Emitter::close(const Step& s) {
  step(s);
  while (count_ > 1) {
    Handler h = follow() ? fused_handler(path_[count_ - 1]) : nullptr;
    if (h != nullptr) {
      uint32_t size = sizeof h;
      for (int i = 0; i < count_; ++i) size += pending_[i].size;
      return write(count_, h) + size;
    }
    commit_first();
  }
  // commit_first never swallows the last step: a fused tail would have been found above.
  return write(1, find_handler(pending_[0].key)) + static_cast<uint32_t>(sizeof(Handler)) + s.size;
}

Fixup Emitter::branch(Step s) {
  s.put<int32_t>(0);
  const uint32_t at = close(s) - 4;
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
