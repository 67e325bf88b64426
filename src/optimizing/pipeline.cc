// Pass pipelines by level. Guests were optimized by their own compilers: what pays here is less, and cheaper.
#include "optimizing/pipeline.h"

#include <llvm/Analysis/InlineCost.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/IPO/Inliner.h>
#include <llvm/Transforms/IPO/ModuleInliner.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>

#include "optimizing/fuel.h"
#include "optimizing/gc_stores.h"
#include "optimizing/inline_recursion.h"
#include "optimizing/loop_fuel.h"
#include "optimizing/loop_ranges.h"

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

constexpr char kNestPasses[] = "loop-simplify,lcssa,loop(loop-unroll-full),simplifycfg";

// Where loops have plain accesses, what LLVM does with loops is worth its time.
constexpr char kLoopPasses[] =
    "loop-simplify,lcssa,loop-mssa(licm),loop(loop-unroll-full),gvn,dse,simplifycfg,loop-vectorize,"
    "loop-unroll<O2>,early-cse<memssa>,slp-vectorizer,instcombine<no-verify-fixpoint>,simplifycfg";

/// Runs passes on the functions that have an attribute.
class OnMarked : public llvm::PassInfoMixin<OnMarked> {
 public:
  OnMarked(const char* attribute, llvm::FunctionPassManager passes)
      : attribute_(attribute), passes_(std::move(passes)) {}
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses) {
    if (!f.hasFnAttribute(attribute_)) return llvm::PreservedAnalyses::all();
    return passes_.run(f, analyses);
  }

 private:
  const char* attribute_;
  llvm::FunctionPassManager passes_;
};

int inline_threshold(OptLevel level) {
  switch (level) {
    case OptLevel::O0:
      return 0;
    case OptLevel::O1:
      return 0;
    case OptLevel::Os:
      return 20;
    case OptLevel::O2:
      return 90;
    case OptLevel::O3:
      return 150;
  }
  return 0;
}

/// LLVM 22's code generator for x86-64 fails at llvm.canonicalize of two floats, which vectorizers make: four, then.
void widen_canonicalize(llvm::Module& ir) {
  auto* two = llvm::FixedVectorType::get(llvm::Type::getFloatTy(ir.getContext()), 2);
  llvm::Function* f = llvm::Intrinsic::getDeclarationIfExists(&ir, llvm::Intrinsic::canonicalize, {two});
  if (f == nullptr) return;
  for (llvm::User* user : llvm::make_early_inc_range(f->users())) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    llvm::IRBuilder<> b(call);
    llvm::Value* four = b.CreateShuffleVector(call->getArgOperand(0), llvm::ArrayRef<int>{0, 1, 0, 1});
    four = b.CreateUnaryIntrinsic(llvm::Intrinsic::canonicalize, four);
    call->replaceAllUsesWith(b.CreateShuffleVector(four, llvm::ArrayRef<int>{0, 1}));
    call->eraseFromParent();
  }
}

}  // namespace

Status optimize(llvm::Module& ir, llvm::TargetMachine& target, const CompileOptions& options, MemoryFacts memory) {
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
  const auto parse = [&](auto& into, llvm::StringRef text) -> Status {
    if (text.empty()) return {};
    if (llvm::Error e = builder.parsePassPipeline(into, text)) {
      return make_error(ErrorCode::internal, kNoOffset, "pass pipeline: " + llvm::toString(std::move(e)));
    }
    return {};
  };
  const auto add = [&](llvm::StringRef text) { return parse(passes, text); };
  if (!options.pass_log.empty()) {
    TRY(add(options.pass_log));
  } else {
    if (const int threshold = inline_threshold(options.level); threshold > 0) {
      TRY(add(before_inlining(options.level)));
      if (options.level != OptLevel::Os) passes.addPass(InlineRecursionPass());
      passes.addPass(llvm::ModuleInlinerWrapperPass(llvm::getInlineParams(threshold)));
    }
    if (options.fuel) passes.addPass(llvm::createModuleToFunctionPassAdaptor(KeepFuelPass()));
    if (options.level == OptLevel::O3) passes.addPass(llvm::createModuleToFunctionPassAdaptor(PinGcStoresPass()));
    TRY(add(after_inlining(options.level)));
    if (options.level == OptLevel::O2 || options.level == OptLevel::O3) {
      llvm::FunctionPassManager nests;
      llvm::FunctionPassManager ranged;
      TRY(parse(nests, kNestPasses));
      TRY(parse(ranged, kLoopPasses));
      llvm::FunctionPassManager loops;  // of functions with numeric loops
      loops.addPass(PinGcStoresPass());
      loops.addPass(MarkSmallNestsPass());
      loops.addPass(OnMarked(kSmallNestsAttribute, std::move(nests)));
      loops.addPass(llvm::LoopSimplifyPass());
      loops.addPass(llvm::LCSSAPass());
      if (options.fuel) {
        loops.addPass(FuelChecksPass());
        loops.addPass(llvm::LoopSimplifyPass());
        loops.addPass(llvm::LCSSAPass());
      }
      loops.addPass(LoopRangesPass(memory));
      if (options.fuel) loops.addPass(SinkFuelPass());
      loops.addPass(OnMarked(kRangedLoopsAttribute, std::move(ranged)));
      llvm::FunctionPassManager all;
      all.addPass(FindNumericLoopsPass());
      all.addPass(OnMarked(kNumericLoopsAttribute, std::move(loops)));
      passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(all)));
    }
  }
  passes.run(ir, modules);
  widen_canonicalize(ir);
  return {};
}

}  // namespace ashlar::optimizing
