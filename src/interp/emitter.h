// Emitter: turns steps into internal code, fusing neighbours into one instruction where a fused handler exists.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "interp/keys.h"
#include "interp/module_code.h"

namespace ashlar::interp {

/// A step with its operand bytes, not yet committed to code.
struct Step {
  static constexpr size_t kMaxBytes = 40;
  Key key = 0;
  uint32_t wasm = 0;  ///< module byte offset of the wasm instruction
  uint8_t size = 0;
  uint8_t bytes[kMaxBytes];

  template <class T>
  void put(T value) {
    std::memcpy(bytes + size, &value, sizeof value);
    size = static_cast<uint8_t>(size + sizeof value);
  }
};

/// For profiling: which steps the code at an offset consists of.
struct TraceEntry {
  static constexpr Key kBoundary = ~Key{0};  ///< a label or a stand-alone instruction: nothing is fused across
  uint32_t code;
  Key key;
};

/// Where a branch's displacement stands and what it counts from.
struct Fixup {
  uint32_t at;
  uint32_t from;
};

/// Bytes that grow without being cleared first; at last they become the code itself.
class CodeBuffer {
 public:
  size_t size() const { return size_; }
  uint8_t* data() { return reinterpret_cast<uint8_t*>(data_.get()); }
  /// Room for n more bytes at the end, which are not counted yet: advance().
  uint8_t* room(size_t n) {
    if (size_ + n > capacity_) [[unlikely]]
      grow(size_ + n);
    return data() + size_;
  }
  void advance(size_t n) { size_ += n; }
  /// Room for n more bytes at the end; they are counted.
  uint8_t* extend(size_t n) {
    uint8_t* at = room(n);
    size_ += n;
    return at;
  }
  void reserve(size_t n) {
    if (n > capacity_) grow(n);
  }
  /// Gives the bytes away, with what was reserved too much cut off. They are aligned like words.
  CodeWords release();

 private:
  void grow(size_t least);
  CodeWords data_;
  size_t size_ = 0, capacity_ = 0;
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
    // The one before is the newest now.
    if (followed_ >= count_) followed_ = count_ == 0 ? 0 : count_ - 1;
  }

  /// Commits everything and returns the position, to be jumped to.
  uint32_t label() {
    flush();
    if (trace != nullptr) trace->push_back({position(), TraceEntry::kBoundary});
    return position();
  }
  uint32_t position() const { return static_cast<uint32_t>(code_.size()); }
  /// A step after which nothing goes on here. Where its operands end.
  uint32_t close(const Step& s);
  /// Ends with a branch whose displacement is patched by bind().
  Fixup branch(Step s);
  void bind(Fixup f, uint32_t target);

  /// A stand-alone instruction: handler, then the bytes put by the caller through raw_*; finish with end_misc().
  uint32_t begin_misc(MiscOp op, uint32_t wasm);
  template <class T>
  void raw(T value) {
    std::memcpy(code_.extend(sizeof value), &value, sizeof value);
  }
  void end_misc() {
    size_t pad = -code_.size() & 7;
    if (pad != 0) std::memset(code_.extend(pad), 0, pad);
  }
  template <class T>
  void patch(uint32_t at, T value) {
    std::memcpy(code_.data() + at, &value, sizeof value);
  }
  CodeWords release() { return code_.release(); }

 private:
  void flush() {
    while (count_ > 0) {
      (void)follow();
      commit_first();
    }
  }
  /// Follows the trie over the pending steps as far as it goes; whether that is over all of them.
  bool follow() {
    for (; followed_ < count_; ++followed_) {
      const uint32_t from = followed_ == 0 ? kFusedRoot : path_[followed_ - 1];
      if (!fused_edge(from, pending_[followed_].key, &path_[followed_])) return false;
    }
    return true;
  }
  /// Writes the longest fused sequence among the followed steps; the oldest step alone when there is none.
  void commit_first();
  /// Writes pending_[0..n) as one instruction; returns its start.
  uint32_t write(int n, Handler handler);
  void record_steps(int n, uint32_t start);
  void trace_commit(int n, uint32_t start);
  void record(uint32_t code, uint32_t wasm) {
    if (offsets != nullptr) offsets->push_back({code, wasm});
  }

  CodeBuffer code_;
  Step pending_[kMaxFused];
  uint32_t path_[kMaxFused];  ///< nodes of the trie behind the first followed_ pending steps
  int count_ = 0;
  int followed_ = 0;  ///< never the newest: it may change yet
  uint32_t serial_ = 0;
};

}  // namespace ashlar::interp
