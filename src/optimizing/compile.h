// The optimizing compiler's face: a validated module becomes the bytes of an artifact.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "isa/features.h"
#include "isa/fuel_costs.h"
#include "module/module.h"
#include "native/image.h"

namespace ashlar::optimizing {

enum class OptLevel : uint8_t { O0, O1, O2, O3, Os };

struct CompileOptions {
  OptLevel level = OptLevel::O2;
  std::string arch;      ///< "x86_64" or "aarch64"; empty: this process's
  std::string cpu;       ///< as LLVM names it; empty or "native": this machine's, "generic"
  unsigned threads = 0;  ///< 0: as many as there are cores
  bool explicit_bounds = false;
  bool fuel = false;
  isa::FuelCosts fuel_costs;           ///< with `fuel`
  isa::Features features;              ///< that validation accepted
  std::vector<module::FuncIdx> only;   ///< functions to compile; empty: all
  std::vector<native::LoopRow> loops;  ///< loop entries to compile, each in the part that has its function
  bool all_places = false;             ///< a Place for every instruction, not only for those that stop or call
  bool emit_ir = false;                ///< the result is the optimized IR as text, for people
  std::string pass_log;                ///< developers: pipeline text that replaces the level's; empty: the level's
  std::string pretend_unsupported;     ///< tests: mnemonics, with commas between them, as if of unsupported.def
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(size_t done, size_t all)> progress;  ///< called from any thread, in bytes of code
};

/// The bytes of an artifact (native/image.h). Same input and options: same bytes. Errors: Unsupported target,
/// cancelled, internal (a function the code generator refused; names it).
Result<std::vector<uint8_t>> compile(const module::Module& m, const CompileOptions& options);

}  // namespace ashlar::optimizing
