// What the interpreter was doing when a signal came: taken in the signal's handler, understood later.
#pragma once

#include "interp/module_code.h"

namespace ashlar::interp {

/// Registers of the interrupted thread, or what the interpreter keeps in their place. Not yet known to mean anything.
struct Sample {
  const void* pc = nullptr;
  const Code* ip = nullptr;
  const Code* caller = nullptr;  ///< where machine code was called from
};

/// For signal handlers, on the thread itself. `argument0`: the first argument register of handlers.
Sample take_sample(const void* pc, void* argument0);

/// The function of `code` that was interpreted, and the place in it; none when the sample tells of something else.
/// Thread-safe while `code` lives.
struct SamplePlace {
  const FuncCode* func = nullptr;
  const LoopHead* loop = nullptr;  ///< the innermost around the place that has no machine code
};
SamplePlace find_place(const ModuleCode& code, const Sample& sample);

}  // namespace ashlar::interp
