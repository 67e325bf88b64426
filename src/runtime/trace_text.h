// Reads backtraces back out of an error's notes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "module/module.h"

namespace ashlar::runtime {

/// One line of a backtrace, as add_backtrace wrote it.
struct ToldFrame {
  uint64_t offset = 0;    ///< of the instruction in its module
  std::string_view name;  ///< "module!function", into the notes
};

/// The frames that some notes show, innermost first; empty without a backtrace.
std::vector<ToldFrame> told_frames(std::string_view notes);
/// "module!function" of a function in backtraces.
std::string told_name(const module::Module& m, module::FuncIdx f);

}  // namespace ashlar::runtime
