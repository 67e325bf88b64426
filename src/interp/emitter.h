// Emitter: turns steps into internal code, fusing neighbours into one instruction where a fused handler exists.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "interp/keys.h"
#include "interp/module_code.h"

namespace ashlar::interp {

/// A step with its operand bytes, not yet committed to code.
struct Step {
  Key key = 0;
  uint32_t wasm = 0;      ///< module byte offset of the wasm instruction
  uint8_t size = 0;
  uint8_t bytes[40];

  template <class T>
  void put(T value) {
    std::memcpy(bytes + size, &value, sizeof value);
    size = static_cast<uint8_t>(size + sizeof value);
  }
};

/// For profiling: which steps the code at an offset consists of.
struct TraceEntry {
  static constexpr Key kBoundary = ~Key{0};   ///< a label or a stand-alone instruction: nothing is fused across
  uint32_t code;
  Key key;
};

/// Where a branch's displacement stands and what it counts from.
struct Fixup {
  uint32_t at;
  uint32_t from;
};

class Emitter {
 public:
  /// When set, code offsets are recorded for traps and backtraces.
  std::vector<OffsetPair>* offsets = nullptr;
  std::vector<TraceEntry>* trace = nullptr;

  void reserve(size_t bytes) { code_.reserve(bytes); }
  void step(const Step& s);
  /// The newest step while it can still be changed or dropped; null behind a label or a stand-alone instruction.
  Step* last() { return count_ == 0 ? nullptr : &pending_[count_ - 1]; }
  /// Increases with each step; tells whether last() is a certain one.
  uint32_t last_serial() const { return serial_; }
  void drop_last() {
    --count_;
    // The one before is now the newest: the trie is followed again from the start.
    node_ = kFusedRoot;
    for (int i = 0; i + 1 < count_; ++i)
      if (!fused_edge(node_, pending_[i].key, &node_)) node_ = kFusedDead;
  }

  /// Commits everything and returns the position, to be jumped to.
  uint32_t label() {
    flush();
    if (trace != nullptr) trace->push_back({position(), TraceEntry::kBoundary});
    return position();
  }
  uint32_t position() const { return static_cast<uint32_t>(code_.size()); }
  /// Ends with a branch whose displacement is patched by bind().
  Fixup branch(Step s);
  void bind(Fixup f, uint32_t target);

  /// A stand-alone instruction: handler, then the bytes put by the caller through raw_*; finish with end_misc().
  uint32_t begin_misc(MiscOp op, uint32_t wasm);
  template <class T>
  void raw(T value) {
    size_t at = code_.size();
    code_.resize(at + sizeof value);
    std::memcpy(code_.data() + at, &value, sizeof value);
  }
  void end_misc() { code_.resize((code_.size() + 7) & ~size_t{7}); }
  template <class T>
  void patch(uint32_t at, T value) {
    std::memcpy(code_.data() + at, &value, sizeof value);
  }
  const std::vector<uint8_t>& code() const { return code_; }

 private:
  void flush() {
    while (count_ > 0) commit_first();
  }
  void commit_first();
  /// Writes pending_[0..n) as one instruction; returns its start.
  uint32_t write(int n, Handler handler);
  void trace_commit(int n, uint32_t start);
  void record(uint32_t code, uint32_t wasm) {
    if (offsets != nullptr) offsets->push_back({code, wasm});
  }

  std::vector<uint8_t> code_;
  Step pending_[kMaxFused + 1];
  int count_ = 0;
  uint32_t node_ = kFusedRoot;   ///< of the trie, behind all pending steps but the newest
  uint32_t serial_ = 0;
};

}  // namespace ashlar::interp
