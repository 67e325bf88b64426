// The text of backtraces, the same for every tier.
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
  void skip(uint64_t frames) { more_ += frames; }
  /// Whether add() would only count.
  bool full() const { return lines_.size() >= kMost; }

 private:
  friend Error add_backtrace(Error e, const Backtrace& trace);
  std::vector<std::string> lines_;  ///< without number
  uint64_t more_ = 0;
};

/// Appends the frames to the error's notes. Where those end with a backtrace, of an inner run, its numbering goes on.
///   wasm backtrace:
///      0:    0x123 - module!function
///     ... 3 more frames
Error add_backtrace(Error e, const Backtrace& trace);

}  // namespace ashlar::runtime
