// Backtraces, as data and as text, the same for every tier.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "module/module.h"

namespace ashlar::runtime {

/// Name of a function for messages: from the name section, an export, or "func[N]".
std::string func_name(const module::Module& m, module::FuncIdx f);

/// The frames of one run of a tier, innermost first.
class Backtrace {
 public:
  static constexpr uint32_t kMost = 64;  ///< shown; others are counted

  /// `offset`: of the instruction, or of the call, in the module.
  void add(const module::Module& m, module::FuncIdx f, uint32_t offset);
  void skip(uint64_t frames) { frames_.more += frames; }
  /// Whether add() would only count.
  bool full() const { return frames_.known.size() >= kMost; }

 private:
  friend Error add_backtrace(Error e, Backtrace trace);
  ErrorFrames frames_;
};

/// Frames that an exception has left behind, innermost first, while nobody knows whether something catches it further
/// out: in a run of another tier that called this one. Addresses alone, because telling what they are takes much longer
/// than a throw. They are told where the exception reaches the host (Store::invoke).
class LeftFrames {
 public:
  /// Adds what is to be said of an address of code.
  using Tell = void (*)(const void* at, Backtrace& out);

  void add(const void* at, Tell tell) {
    if (frames_.size() < kMost) {
      frames_.push_back({at, tell});
    } else {
      ++more_;
    }
  }
  void skip(uint64_t frames) { more_ += frames; }
  /// To be called when the exception was caught, or when another error came in its place.
  void clear() {
    frames_.clear();
    more_ = 0;
  }
  /// All of them, told; none are left then. Their code must still be there.
  Backtrace take();

 private:
  static constexpr size_t kMost = 1024;  ///< others are counted
  struct Frame {
    const void* at;
    Tell tell;
  };
  std::vector<Frame> frames_;
  uint64_t more_ = 0;
};

/// Appends the frames to the error's, and to its notes. Where it has some, of an inner run, the numbering goes on.
///   wasm backtrace:
///      0:    0x123 - module!function
///     ... 3 more frames
Error add_backtrace(Error e, Backtrace trace);

}  // namespace ashlar::runtime
