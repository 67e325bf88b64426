// Emission: an optimized LLVM module becomes an object file in memory and what the image's tables tell of its
// functions.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "native/image.h"

namespace ashlar::optimizing {

/// On calls of functions, which helpers and pieces of instructions are not.
inline constexpr const char* kGuestCallAttribute = "ashlar-call";
/// On calls that must be jumps: those of return_call and its relatives.
inline constexpr const char* kTailCallAttribute = "ashlar-tail";
/// Whether control goes from `call` to the function's return without doing anything else; then the return stands right
/// behind it, of its own: passes may have made one of several.
bool is_before_return(llvm::CallInst& call);

/// A function of an object. Offsets count from its symbol.
struct EmittedFunction {
  std::string symbol;
  native::FrameRow frame = {};  ///< begin is 0; func is kNoFunc for functions without attribute "ashlar-func"
  uint32_t loop = 0;            ///< wasm offset of the loop whose entry this is ("ashlar-loop"); 0: the function itself
  bool inner = false;           ///< another function is the entry ("ashlar-inner")
  std::vector<native::PadRow> pads;
  std::vector<native::Place> places;
};

/// The code of one LLVM module.
struct ObjectCode {
  llvm::SmallVector<char, 0> elf;
  std::vector<EmittedFunction> functions;
};

/// Generates code. Functions that are to have an entry carry the string attribute "ashlar-func" with their index in the
/// WebAssembly module. Debug locations' lines become places' wasm offsets (0: none): of calls and of what may trap, or
/// of all instructions. Changes the module. Errors: compiler_failed.
Result<ObjectCode> emit(llvm::Module& ir, llvm::TargetMachine& target, bool all_places = false);

}  // namespace ashlar::optimizing
