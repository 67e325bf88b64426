// Pass pipelines by level. Guests were optimized by their own compilers: what pays here is less, and cheaper.
#include "optimizing/pipeline.h"

#include <llvm/Analysis/InlineCost.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/IPO/Inliner.h>
#include <llvm/Transforms/IPO/ModuleInliner.h>

namespace ashlar::optimizing {

namespace {

const char* before_inlining(OptLevel level) {
  if (level == OptLevel::O0) return "";
  return "function(early-cse,simplifycfg)";
}

// Guests come from optimizing compilers: folding addresses and constants, and what inlining opens, is what is left to
// gain. Value numbering, loop-invariant motion and the rest of LLVM's O3 cost as much again and move no kernel of
// `make bench`; see "Why so few passes?" in docs/rationale.md.
const char* after_inlining(OptLevel level) {
  switch (level) {
    case OptLevel::O0:
      return "";
    case OptLevel::O1:
    case OptLevel::O2:
    case OptLevel::Os:
      return "function(early-cse,instcombine<no-verify-fixpoint>,simplifycfg)";
    case OptLevel::O3:
      return "function(early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,jump-threading,"
             "loop-mssa(loop-rotate,licm),gvn,instcombine<no-verify-fixpoint>,loop-mssa(licm),"
             "vector-combine,slp-vectorizer,simplifycfg)";
  }
  return "";
}

int inline_threshold(OptLevel level) {
  switch (level) {
    case OptLevel::O0:
      return 0;
    case OptLevel::O1:
      return 0;
    case OptLevel::Os:
      return 20;
    case OptLevel::O2:
      return 30;
    case OptLevel::O3:
      return 150;
  }
  return 0;
}

}  // namespace

Status optimize(llvm::Module& ir, llvm::TargetMachine& target, const CompileOptions& options) {
  llvm::PipelineTuningOptions tuning;
  llvm::PassBuilder builder(&target, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  auto add = [&](llvm::StringRef text) -> Status {
    if (text.empty()) return {};
    if (llvm::Error e = builder.parsePassPipeline(passes, text)) {
      return make_error(ErrorCode::internal, kNoOffset, "pass pipeline: " + llvm::toString(std::move(e)));
    }
    return {};
  };
  if (!options.pass_log.empty()) {
    TRY(add(options.pass_log));
  } else {
    if (const int threshold = inline_threshold(options.level); threshold > 0) {
      TRY(add(before_inlining(options.level)));
      passes.addPass(llvm::ModuleInlinerWrapperPass(llvm::getInlineParams(threshold)));
    }
    TRY(add(after_inlining(options.level)));
  }
  passes.run(ir, modules);
  return {};
}

}  // namespace ashlar::optimizing
