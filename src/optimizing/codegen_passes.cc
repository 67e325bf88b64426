// The passes to go without. Each was measured: see "Why so few passes?" in docs/rationale.md.
#include "optimizing/codegen_passes.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/RegAllocRegistry.h>
#include <llvm/Pass.h>

#include <algorithm>
#include <iterator>

namespace ashlar::optimizing {

namespace {

constexpr const char* kDropped[] = {
    // What they look for, translated modules never contain: other languages' intrinsics, calls of C's library,
    // collected stack maps, protected stacks, variables to debug, tiles, x87, hardening against other processes.
    "Argument Stack Rebase",
    "Check CFA info and insert CFI instructions if needed",
    "Contiguously Lay Out Funclets",
    "Detect Dead Lanes",
    "Expand indirectbr instructions",
    "Expand memcmp() to load/stores",
    "Fixup Statepoint Caller Saved",
    "Implement the 'patchable-function' attribute",
    "Insert KCFI indirect call checks",
    "Insert XRay ops",
    "Insert fentry calls",
    "Insert stack protectors",
    "Interleaved Access Pass",
    "Live DEBUG_VALUE analysis",
    "Local Dynamic TLS Access Clean-up",
    "Local Stack Slot Allocation",
    "Lower AMX intrinsics",
    "Lower AMX type for load/store",
    "Lower Garbage Collection Instructions",
    "Machine Sanitizer Binary Metadata",
    "Merge contiguous icmps into a memcmp",
    "Merge disjoint stack slots",
    "ObjC ARC contraction",
    "Partially inline calls to library functions",
    "Prepare callbr",
    "Pseudo Probe Inserter",
    "Remove Loads Into Fake Uses",
    "Remove Redundant DEBUG_VALUE analysis",
    "Rename Disconnected Subregister Components",
    "Replace intrinsics with calls to vector library",
    "Safe Stack instrumentation pass",
    "Scalarize Masked Memory Intrinsics",
    "Shadow Stack GC Lowering",
    "Stack Frame Layout Analysis",
    "StackMap Liveness Analysis",
    "Tile Register Configure",
    "Tile Register Pre-configure",
    "X86 Avoid Store Forwarding Blocks",
    "X86 Domain Reassignment Pass",
    "X86 DynAlloca Expander",
    "X86 FP Stackifier",
    "X86 Indirect Branch Tracking",
    "X86 Indirect Thunks",
    "X86 Load Value Injection (LVI) Load Hardening",
    "X86 Load Value Injection (LVI) Ret-Hardening",
    "X86 Lower Tile Copy",
    "X86 Optimize Call Frame",
    "X86 PIC Global Base Reg Initialization",
    "X86 Partial Reduction",
    "X86 Return Thunks",
    "X86 Speculative Execution Side Effect Suppression",
    "X86 speculative load hardening",
    // What they gain does not show on a processor that runs out of order, or after the guest's own compiler.
    "Canonicalize Freeze Instructions in Loops",
    "Constant Hoisting",
    "Early If-Conversion",
    "Early Tail Duplication",
    "Live Range Shrink",
    "Machine InstCombiner",
    "Machine Instruction Scheduler",
    "Machine Late Instructions Cleanup Pass",
    "Post RA top-down list latency scheduler",
    "X86 Execution Dependency Fix",
    "X86 Fixup Inst Tuning",
    "X86 Fixup Vector Constants",
    "X86 LEA Optimize",
    "X86 cmov Conversion",
    // Last, what only fast code generation goes without.
    "CodeGen Prepare",
    "Loop Strength Reduction",
};
constexpr size_t kOnlyFast = 2;

/// On aarch64. It gives returns one block, and then a tail call of which a part of the result is returned (without the
/// fuel) does not stand before its return any more.
constexpr llvm::StringLiteral kMergesReturns = "Simplify the CFG";

bool is_fast(llvm::CodeGenOptLevel level) { return level == llvm::CodeGenOptLevel::Less; }

}  // namespace

bool selects_fast(const llvm::TargetMachine& target) {
  // LLVM's own choice at -O0.
  if (target.getOptLevel() == llvm::CodeGenOptLevel::None) return target.Options.EnableFastISel;
  return is_fast(target.getOptLevel()) && target.getTargetTriple().isX86();
}

std::span<const char* const> dropped_passes(llvm::CodeGenOptLevel level) {
  // -O0 has few, and needs those; -O3 is for whoever wants them all.
  if (level == llvm::CodeGenOptLevel::None || level == llvm::CodeGenOptLevel::Aggressive) return {};
  return {kDropped, std::size(kDropped) - (is_fast(level) ? 0 : kOnlyFast)};
}

void CodegenPasses::add(llvm::Pass* pass) {
  const llvm::StringRef name = pass->getPassName();
  const std::span<const char* const> dropped = dropped_passes(target_.getOptLevel());
  // Elsewhere the code generator is as LLVM has it, but for that one.
  const bool x86 = target_.getTargetTriple().isX86();
  if (x86 ? std::ranges::find(dropped, name) != dropped.end() : name == kMergesReturns) {
    delete pass;
    return;
  }
  if (x86 && is_fast(target_.getOptLevel()) && name == "Greedy Register Allocator") {
    delete pass;
    pass = llvm::createBasicRegisterAllocator();
  }
  to_.add(pass);
}

}  // namespace ashlar::optimizing
