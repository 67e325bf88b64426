// Reads frames from prologues and places from instructions while LLVM prints machine code.
#include "optimizing/frame_recorder.h"

#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetLowering.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/Function.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDwarf.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSymbol.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace ashlar::optimizing {

using llvm::MachineBasicBlock;
using llvm::MachineFunction;
using llvm::MachineInstr;
using llvm::MCCFIInstruction;

namespace {

// Registers in DWARF's numbers, as the frame row has them.
constexpr unsigned kSavedX86[] = {3, 12, 13, 14, 15, 6};
constexpr unsigned kSavedAarch64[] = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 29, 72, 73, 74, 75, 76, 77, 78, 79};

class FrameRecorder final : public llvm::AsmPrinterHandler {
 public:
  FrameRecorder(llvm::AsmPrinter& printer, FrameRecord& record) : printer_(printer), record_(record) {}

  void beginFunction(const MachineFunction* mf) override;
  void beginInstruction(const MachineInstr* instr) override;
  void endInstruction() override;
  void markFunctionEnd() override;
  void endFunction(const MachineFunction*) override {}
  void endModule() override {}

 private:
  void read_cfi(const MCCFIInstruction& cfi);
  bool add_saved(unsigned reg, int64_t offset);
  void read_frame();
  void find_frameless_blocks();
  bool changes_frame(const MachineInstr& instr, bool& frameless) const;
  void read_pads();
  void add_place(const MachineInstr& instr, bool call);
  bool is_as_before(const MachineInstr& instr) const;
  bool may_fault(const MachineInstr& instr) const;
  bool is_trap(const MachineInstr& instr) const;
  FrameRecord::Function& function() { return record_.functions.back(); }

  llvm::AsmPrinter& printer_;
  FrameRecord& record_;
  const MachineFunction* mf_ = nullptr;
  const MachineInstr* call_ = nullptr;
  std::vector<bool> frameless_;  ///< by block number: it begins without a frame
  bool is_frameless_ = false;
  FrameRecord::PlaceLabel last_ = {};  ///< of the function
};

void FrameRecorder::beginFunction(const MachineFunction* mf) {
  mf_ = mf;
  last_ = {};
  FrameRecord::Function& out = record_.functions.emplace_back();
  out.begin = printer_.CurrentFnSym;
  out.symbol = out.begin->getName().str();
  uint32_t func = kNoFunc;
  const llvm::Attribute attribute = mf->getFunction().getFnAttribute("ashlar-func");
  if (attribute.isStringAttribute()) attribute.getValueAsString().getAsInteger(10, func);
  out.frame.func = func;
  const llvm::Attribute loop = mf->getFunction().getFnAttribute("ashlar-loop");
  if (loop.isStringAttribute()) loop.getValueAsString().getAsInteger(10, out.loop);
  out.inner = mf->getFunction().hasFnAttribute("ashlar-inner");
  read_frame();
  find_frameless_blocks();
  read_pads();
}

// There is no frame pointer: the frame must have one size wherever the function calls.
void FrameRecorder::read_frame() {
  const llvm::MachineFrameInfo& info = mf_->getFrameInfo();
  native::FrameRow& frame = function().frame;
  if (info.getStackSize() > std::numeric_limits<int32_t>::max()) return record_.fail(*mf_, "its frame is too large");
  frame.stack_size = static_cast<uint32_t>(info.getStackSize());
  for (const MachineBasicBlock& block : *mf_) {
    for (const MachineInstr& instr : block) {
      if (!instr.isCFIInstruction()) continue;
      read_cfi(mf_->getFrameInstructions()[instr.getOperand(0).getCFIIndex()]);
    }
  }
  if (info.hasVarSizedObjects() || mf_->getSubtarget().getRegisterInfo()->hasStackRealignment(*mf_)) {
    record_.fail(*mf_, "its frame has no fixed size");
  }
}

void FrameRecorder::read_cfi(const MCCFIInstruction& cfi) {
  if (cfi.getOperation() != MCCFIInstruction::OpOffset) return;
  if (!add_saved(cfi.getRegister(), cfi.getOffset())) record_.fail(*mf_, "its frame is out of the ordinary");
}

/// Notes that a register is at this offset from the canonical frame address. False when the row can't say so.
bool FrameRecorder::add_saved(unsigned reg, int64_t offset) {
  native::FrameRow& frame = function().frame;
  if (mf_->getTarget().getTargetTriple().isX86()) {
    const auto* saved = std::ranges::find(kSavedX86, reg);
    if (saved == std::end(kSavedX86)) return true;
    if (offset < std::numeric_limits<int16_t>::min() || offset >= 0) return false;
    frame.saved[saved - kSavedX86] = static_cast<int16_t>(offset);
    return true;
  }
  const auto* saved = std::ranges::find(kSavedAarch64, reg);
  if (saved == std::end(kSavedAarch64) || offset >= 0 || offset % 8 != 0 || offset < -8 * 32) return false;
  native::SavedMasks& masks = frame.saved_aarch64;
  const uint32_t bit = uint32_t{1} << (saved - kSavedAarch64);
  const uint32_t slot = uint32_t{1} << (-offset / 8 - 1);
  masks.registers |= bit;
  masks.slots |= slot;
  // LLVM tells of them in this order, from the highest address down.
  return std::popcount(masks.registers & (bit - 1)) == std::popcount(masks.slots & (slot - 1));
}

bool FrameRecorder::changes_frame(const MachineInstr& instr, bool& frameless) const {
  const bool setup = instr.getFlag(MachineInstr::FrameSetup);
  if (!setup && !instr.getFlag(MachineInstr::FrameDestroy)) return false;
  const llvm::TargetRegisterInfo* registers = mf_->getSubtarget().getRegisterInfo();
  if (instr.isCFIInstruction() || !instr.modifiesRegister(registers->getFrameRegister(*mf_), registers)) return false;
  frameless = !setup;
  return true;
}

// Prologues may be delayed until a path needs them: instructions on others run in the caller's frame.
void FrameRecorder::find_frameless_blocks() {
  frameless_.assign(mf_->getNumBlockIDs(), false);
  std::vector<bool> seen(mf_->getNumBlockIDs(), false);
  std::vector<const MachineBasicBlock*> left = {&mf_->front()};
  seen[mf_->front().getNumber()] = true;
  frameless_[mf_->front().getNumber()] = true;
  while (!left.empty()) {
    const MachineBasicBlock* block = left.back();
    left.pop_back();
    bool frameless = frameless_[block->getNumber()];
    for (const MachineInstr& instr : *block) changes_frame(instr, frameless);
    for (const MachineBasicBlock* next : block->successors()) {
      if (seen[next->getNumber()]) continue;
      seen[next->getNumber()] = true;
      frameless_[next->getNumber()] = frameless;
      left.push_back(next);
    }
  }
}

void FrameRecorder::read_pads() {
  for (const llvm::LandingPadInfo& info : mf_->getLandingPads()) {
    if (info.LandingPadLabel == nullptr) continue;
    for (size_t i = 0; i < info.BeginLabels.size(); ++i) {
      function().pads.push_back({info.BeginLabels[i], info.EndLabels[i], info.LandingPadLabel});
    }
  }
}

/// Of volatile loads of that width from one address in a block the first, which is what traps. Where machine blocks
/// were joined the block is another one: then it is the block that has them all, if there is one.
const llvm::Instruction* first_load(const llvm::Instruction& address, llvm::LocationSize width,
                                    const llvm::BasicBlock* block) {
  const llvm::Instruction* here = nullptr;
  const llvm::Instruction* elsewhere = nullptr;
  bool in_one_block = true;
  for (const llvm::User* user : address.users()) {
    const auto* load = llvm::dyn_cast<llvm::LoadInst>(user);
    if (load == nullptr || !load->isVolatile()) continue;
    if (width != load->getDataLayout().getTypeStoreSize(load->getType())) continue;
    const llvm::Instruction*& first = load->getParent() == block ? here : elsewhere;
    if (first != nullptr && first->getParent() != load->getParent()) {
      in_one_block = false;
    } else if (first == nullptr || load->comesBefore(first)) {
      first = load;
    }
  }
  if (here != nullptr) return here;
  return in_one_block ? elsewhere : nullptr;
}

/// The load that an instruction does first of all, when it was made of several: its own location is the last one's.
const llvm::Instruction* load_in(const MachineInstr& instr) {
  for (const llvm::MachineMemOperand* operand : instr.memoperands()) {
    const auto* address = llvm::dyn_cast_or_null<llvm::Instruction>(operand->getValue());
    if (!operand->isLoad() || !operand->isVolatile() || address == nullptr) continue;
    return first_load(*address, operand->getSize(), instr.getParent()->getBasicBlock());
  }
  return nullptr;
}

void FrameRecorder::add_place(const MachineInstr& instr, bool call) {
  const llvm::DILocation* location = instr.getDebugLoc().get();
  if (const llvm::Instruction* load = call ? nullptr : load_in(instr)) location = load->getDebugLoc().get();
  if (location == nullptr || location->getLine() == 0) return;
  llvm::MCSymbol* label = printer_.OutContext.createTempSymbol();
  printer_.OutStreamer->emitLabel(label);
  last_ = {label, location, call, is_frameless_};
  function().places.push_back(last_);
}

bool FrameRecorder::is_as_before(const MachineInstr& instr) const {
  return last_.location == instr.getDebugLoc().get() && last_.frameless == is_frameless_;
}

// LLVM's description of x86-64's trap with a number does not say that it is one.
bool FrameRecorder::is_trap(const MachineInstr& instr) const {
  if (instr.getDesc().isTrap()) return true;
  if (!instr.hasUnmodeledSideEffects()) return false;
  return mf_->getSubtarget().getInstrInfo()->getName(instr.getOpcode()) == "UBSAN_UD1";
}

// Accesses of linear memory are volatile or atomic. Those of which nothing is known count as such, but not pushes.
bool FrameRecorder::may_fault(const MachineInstr& instr) const {
  if (!instr.mayLoadOrStore()) return is_trap(instr);
  if (!instr.hasOrderedMemoryRef()) return false;
  const llvm::TargetRegisterInfo* registers = mf_->getSubtarget().getRegisterInfo();
  const llvm::Register sp = mf_->getSubtarget().getTargetLowering()->getStackPointerRegisterToSaveRestore();
  return !instr.memoperands_empty() || !instr.modifiesRegister(sp, registers);
}

void FrameRecorder::beginInstruction(const MachineInstr* instr) {
  call_ = nullptr;
  if (instr == &instr->getParent()->front()) is_frameless_ = frameless_[instr->getParent()->getNumber()];
  if (changes_frame(*instr, is_frameless_) || instr->isMetaInstruction()) return;
  if (instr->getFlag(MachineInstr::FrameSetup) || instr->getFlag(MachineInstr::FrameDestroy)) return;
  const bool wanted = record_.all_places && !is_as_before(*instr);
  if (instr->isCall()) {
    if (wanted) add_place(*instr, false);
    if (instr->isReturn()) return;  // nothing returns to a tail call
    if (record_.tail_calls.contains(instr->getDebugLoc().get())) record_.fail(*mf_, "a tail call became a call");
    call_ = instr;
    return;
  }
  if (wanted || may_fault(*instr)) add_place(*instr, false);
}

void FrameRecorder::endInstruction() {
  if (call_ != nullptr) add_place(*call_, true);
  call_ = nullptr;
}

void FrameRecorder::markFunctionEnd() {
  function().end = printer_.OutContext.createTempSymbol();
  printer_.OutStreamer->emitLabel(function().end);
}

native::Place place_of(const FrameRecord::PlaceLabel& label) {
  native::Place out;
  out.wasm = label.location->getLine();
  for (const llvm::DILocation* caller = label.location->getInlinedAt(); caller; caller = caller->getInlinedAt()) {
    out.inlined_at.push_back(caller->getLine());
  }
  out.call = label.call;
  out.frameless = label.frameless;
  return out;
}

}  // namespace

void FrameRecord::fail(const MachineFunction& mf, const char* what) {
  if (error.empty()) error = mf.getName().str() + ": " + what;
}

std::vector<EmittedFunction> FrameRecord::resolve(const llvm::MCAssembler& assembler) const {
  std::vector<EmittedFunction> out;
  out.reserve(functions.size());
  for (const Function& function : functions) {
    const uint64_t base = assembler.getSymbolOffset(*function.begin);
    const auto offset = [&](const llvm::MCSymbol& label) {
      return static_cast<uint32_t>(assembler.getSymbolOffset(label) - base);
    };
    EmittedFunction& emitted = out.emplace_back();
    emitted.symbol = function.symbol;
    emitted.frame = function.frame;
    emitted.loop = function.loop;
    emitted.inner = function.inner;
    emitted.frame.end = offset(*function.end);
    for (const PadLabels& pad : function.pads) {
      // Calls that were optimized away leave labels that are nowhere.
      if (!pad.begin->isDefined() || !pad.end->isDefined() || !pad.pad->isDefined()) continue;
      emitted.pads.push_back({offset(*pad.begin), offset(*pad.end), offset(*pad.pad)});
    }
    std::erase_if(emitted.pads, [](const native::PadRow& pad) { return pad.begin >= pad.end; });
    std::ranges::sort(emitted.pads, {}, &native::PadRow::begin);
    for (const PlaceLabel& label : function.places) {
      native::Place place = place_of(label);
      place.at = offset(*label.label);
      // Where an instruction of no bytes stands in front of another, the place is the other's.
      std::vector<native::Place>& places = emitted.places;
      const bool again = !places.empty() && places.back().at == place.at && places.back().call == place.call;
      if (again) places.pop_back();
      places.push_back(std::move(place));
    }
    std::ranges::sort(emitted.places, [](const native::Place& a, const native::Place& b) {
      return a.at != b.at ? a.at < b.at : a.call && !b.call;
    });
  }
  return out;
}

std::unique_ptr<llvm::AsmPrinterHandler> make_frame_recorder(llvm::AsmPrinter& printer, FrameRecord& record) {
  return std::make_unique<FrameRecorder>(printer, record);
}

}  // namespace ashlar::optimizing
