// Listens to LLVM's assembly printer and keeps where calls, faulting accesses, traps and landing pads are.
#pragma once

#include <llvm/ADT/DenseSet.h>
#include <llvm/CodeGen/AsmPrinter.h>
#include <llvm/CodeGen/AsmPrinterHandler.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/MC/MCAssembler.h>

#include <string>
#include <vector>

#include "optimizing/emit.h"

namespace ashlar::optimizing {

/// What the recorder found. Labels have offsets only once the assembler has laid the code out.
class FrameRecord {
 public:
  struct PlaceLabel {
    llvm::MCSymbol* label;
    const llvm::DILocation* location;
    bool call;
    bool frameless;
  };
  struct PadLabels {
    llvm::MCSymbol* begin;
    llvm::MCSymbol* end;
    llvm::MCSymbol* pad;
  };
  struct Function {
    std::string symbol;
    llvm::MCSymbol* begin = nullptr;
    llvm::MCSymbol* end = nullptr;
    native::FrameRow frame = {};
    uint32_t loop = 0;
    bool inner = false;
    std::vector<PlaceLabel> places;
    std::vector<PadLabels> pads;
  };

  bool all_places = false;  ///< to be set before: not only of calls and of what may trap
  std::vector<Function> functions;
  /// Calls that must have become jumps: see emit.cc.
  llvm::DenseSet<const llvm::DILocation*> tail_calls;
  std::string error;  ///< the first one; empty: none

  void fail(const llvm::MachineFunction& mf, const char* what);
  /// The functions with offsets instead of labels; to be called when `assembler` has its final layout.
  std::vector<EmittedFunction> resolve(const llvm::MCAssembler& assembler) const;
};

/// The handler to add to an AsmPrinter; fills `record`.
std::unique_ptr<llvm::AsmPrinterHandler> make_frame_recorder(llvm::AsmPrinter& printer, FrameRecord& record);

}  // namespace ashlar::optimizing
