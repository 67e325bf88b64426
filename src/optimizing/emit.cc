// Runs LLVM's code generator with our recorder in the assembly printer.
#include "optimizing/emit.h"

#include <llvm/CodeGen/AsmPrinter.h>
#include <llvm/CodeGen/CodeGenTargetMachineImpl.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/MCAssembler.h>
#include <llvm/MC/MCObjectStreamer.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/raw_ostream.h>

#include <functional>
#include <memory>

#include "optimizing/codegen_passes.h"
#include "optimizing/frame_recorder.h"

namespace ashlar::optimizing {

namespace {

// The object file's bytes. LLVM writes the first of them when the layout is final and takes its labels away when it has
// written the last: what wants to know labels' offsets asks at the first byte.
class ObjectStream final : public llvm::raw_pwrite_stream {
 public:
  ObjectStream(llvm::SmallVectorImpl<char>& out, std::function<void()> at_first_byte)
      : llvm::raw_pwrite_stream(/*Unbuffered=*/true), out_(out), at_first_byte_(std::move(at_first_byte)) {}

 private:
  void write_impl(const char* data, size_t size) override {
    if (at_first_byte_) std::exchange(at_first_byte_, nullptr)();
    out_.append(data, data + size);
  }
  void pwrite_impl(const char* data, size_t size, uint64_t offset) override {
    std::copy(data, data + size, out_.begin() + static_cast<ptrdiff_t>(offset));
  }
  uint64_t current_pos() const override { return out_.size(); }

  llvm::SmallVectorImpl<char>& out_;
  std::function<void()> at_first_byte_;
};

// Keeps the first error that the code generator reports about the module, instead of ending the process.
class Diagnostics final : public llvm::DiagnosticHandler {
 public:
  explicit Diagnostics(std::string& error) : error_(error) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error || !error_.empty()) return true;
    llvm::raw_string_ostream stream(error_);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }

 private:
  std::string& error_;
};

// All arguments are in registers, so that the code generator makes a jump of each call marked `tail` that stands before
// a return; that it did is checked. (`musttail` would demand equal signatures.) Others stay calls: backtraces tell of
// them. A tail call that was inlined into the middle of another function is an ordinary one there.
void mark_tail_calls(llvm::Function& f, FrameRecord& record) {
  for (llvm::BasicBlock& block : f) {
    for (llvm::Instruction& instr : block) {
      auto* call = llvm::dyn_cast<llvm::CallInst>(&instr);
      if (call == nullptr || llvm::isa<llvm::IntrinsicInst>(call)) continue;
      const bool tail = call->hasFnAttr(kTailCallAttribute) && is_before_return(*call);
      call->setTailCallKind(tail ? llvm::CallInst::TCK_Tail : llvm::CallInst::TCK_NoTail);
      const llvm::DILocation* location = call->getDebugLoc().get();
      if (tail && location != nullptr) record.tail_calls.insert(location);
    }
  }
}

void prepare(llvm::Module& ir, FrameRecord& record) {
  // Everything ends up in one piece of code: no global offset table.
  for (llvm::GlobalValue& value : ir.global_values()) value.setDSOLocal(true);
  for (llvm::Function& f : ir) {
    mark_tail_calls(f, record);
    // Locations stay; what LLVM would do to follow variables, of which there are none, takes time.
    f.setSubprogram(nullptr);
  }
}

class Emission {
 public:
  Emission(llvm::Module& ir, llvm::TargetMachine& target, bool all_places)
      : ir_(ir),
        target_(static_cast<llvm::CodeGenTargetMachineImpl&>(target)),
        stream_(out_.elf, [this] { out_.functions = record_.resolve(streamer_->getAssembler()); }) {
    record_.all_places = all_places;
  }

  Result<ObjectCode> run() {
    prepare(ir_, record_);
    llvm::LLVMContext& context = ir_.getContext();
    std::unique_ptr<llvm::DiagnosticHandler> before = context.getDiagnosticHandler();
    context.setDiagnosticHandler(std::make_unique<Diagnostics>(record_.error));
    {
      llvm::legacy::PassManager passes;
      if (!add_passes(passes)) {
        record_.error = "it has no code generator for " + target_.getTargetTriple().str();
      } else {
        passes.run(ir_);
      }
    }
    context.setDiagnosticHandler(std::move(before));
    if (!record_.error.empty()) return make_error(ErrorCode::compiler_failed, kNoOffset, record_.error);
    return std::move(out_);
  }

 private:
  bool add_passes(llvm::legacy::PassManager& manager) {
    CodegenPasses passes(manager, target_);
    llvm::TargetPassConfig* config = target_.createPassConfig(passes);
    config->setDisableVerify(true);
    passes.add(config);
    auto* info = new llvm::MachineModuleInfoWrapperPass(&target_);
    passes.add(info);
    if (config->addISelPasses()) return false;
    target_.setFastISel(selects_fast(target_));
    // Fast selection forgets which calls must not be merged.
    if (selects_fast(target_)) config->setEnableTailMerge(false);
    config->addMachinePasses();
    config->setInitialized();
    auto streamer =
        target_.createMCStreamer(stream_, nullptr, llvm::CodeGenFileType::ObjectFile, info->getMMI().getContext());
    if (!streamer) {
      llvm::consumeError(streamer.takeError());
      return false;
    }
    streamer_ = static_cast<llvm::MCObjectStreamer*>(streamer->get());
    llvm::AsmPrinter* printer = target_.getTarget().createAsmPrinter(target_, std::move(*streamer));
    if (printer == nullptr) return false;
    printer->addAsmPrinterHandler(make_frame_recorder(*printer, record_));
    passes.add(printer);
    passes.add(llvm::createFreeMachineFunctionPass());
    return true;
  }

  llvm::Module& ir_;
  llvm::CodeGenTargetMachineImpl& target_;
  FrameRecord record_;
  ObjectCode out_;
  llvm::MCObjectStreamer* streamer_ = nullptr;
  ObjectStream stream_;
};

}  // namespace

Result<ObjectCode> emit(llvm::Module& ir, llvm::TargetMachine& target, bool all_places) {
  return Emission(ir, target, all_places).run();
}

bool is_before_return(llvm::CallInst& call) {
  llvm::Instruction* next = call.getNextNode();
  // Without the fuel that comes with it: see Unit::passes_fuel.
  if (auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(next)) {
    if (part->getAggregateOperand() != &call) return false;
    next = part->getNextNode();
  }
  if (llvm::isa<llvm::ReturnInst>(next)) return true;
  auto* jump = llvm::dyn_cast<llvm::BranchInst>(next);
  if (jump == nullptr || jump->isConditional()) return false;
  llvm::BasicBlock* const from = call.getParent();
  llvm::BasicBlock* const shared = jump->getSuccessor(0);
  auto* shared_return = llvm::dyn_cast<llvm::ReturnInst>(&*shared->getFirstNonPHIIt());
  if (shared_return == nullptr) return false;
  llvm::Instruction* own = shared_return->clone();
  own->insertBefore(jump->getIterator());
  for (llvm::Use& operand : own->operands()) operand = operand->DoPHITranslation(shared, from);
  jump->eraseFromParent();
  shared->removePredecessor(from);
  return true;
}

}  // namespace ashlar::optimizing
