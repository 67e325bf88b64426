// Translation of loop entries: the rest of a function from a loop's head on, for a frame of the interpreter that is
// there already.
#include <llvm/IR/Verifier.h>
#include <llvm/Transforms/Utils/Local.h>

#include "optimizing/translate.h"
#include "runtime/frame_layout.h"

namespace ashlar::optimizing {

/// A loop entry is the whole function but for its beginning: `void f(ctx, frame)` with the function's result. Locals
/// come from the frame, and the entry goes to the loop instead of the body. What leads from the body's beginning to the
/// loop stays, because an outer loop may come that way again.
Translator::Translator(Unit& unit, module::FuncIdx f, uint32_t loop) : Translator(unit, f, unit.loop_entry(f, loop)) {
  loop_ = loop;
}

Value* Translator::frame_value(uint32_t slot, ValType type) {
  Value* frame = b_.CreateIntToPtr(fn_->getArg(1), u_.ptr);
  return load_slot(frame, slot, u_.type_of(type));
}

void Translator::locals_from_frame(const std::vector<binary::LocalGroup>& groups) {
  uint32_t others = 0;
  for (const binary::LocalGroup& g : groups) others += g.count * g.type.slot_count();
  const runtime::FrameLayout layout = runtime::frame_layout(type_, others);
  operand_slot_ = layout.operands;
  at(entry_);
  uint32_t slot = 0;
  const auto add = [&](ValType type) {
    llvm::AllocaInst* home = b_.CreateAlloca(u_.type_of(type));
    b_.CreateStore(frame_value(slot, type), home);
    locals_.push_back(home);
    local_types_.push_back(type);
    slot += type.slot_count();
  };
  for (ValType t : type_.params) add(t);
  slot = layout.locals;
  for (const binary::LocalGroup& g : groups)
    for (uint32_t i = 0; i < g.count; ++i) add(g.type);
}

/// What comes later must use the operands themselves, not what they were made of: nobody looks through a load.
void Translator::keep_operands() {
  for (Value*& operand : stack_) {
    // One that was kept before an outer block stays the same, whichever way its end is reached.
    if (!llvm::isa<llvm::Instruction>(operand) || kept_.contains(operand)) continue;
    llvm::AllocaInst* home = llvm::IRBuilder<>(entry_, entry_->begin()).CreateAlloca(operand->getType());
    homes_.push_back(home);
    b_.CreateStore(operand, home);
    operand = b_.CreateLoad(operand->getType(), home);
    kept_.insert(operand);
  }
}

/// At the head of the loop that is entered: a second edge into it, with the operands that the frame has.
void Translator::enter_loop(Label& l) {
  for (const Label& outer : labels_) has_catch_around_ |= outer.in_catch;
  const BasicBlock* const here = b_.GetInsertBlock();
  const llvm::DebugLoc location = b_.getCurrentDebugLocation();
  at(entry_);
  b_.SetCurrentDebugLocation(location);
  uint32_t slot = operand_slot_;
  for (size_t i = 0; i < l.height; ++i) {
    llvm::Type* type = stack_[i]->getType();
    // Operands below stay what they are through the loop. Constants need no frame.
    if (auto* value = llvm::dyn_cast<llvm::Instruction>(stack_[i])) {
      below_.push_back({value, load_slot(b_.CreateIntToPtr(fn_->getArg(1), u_.ptr), slot, type)});
    }
    slot += type->isVectorTy() ? 2 : 1;
  }
  for (size_t i = 0; i < l.params.size(); ++i) {
    l.phis[i]->addIncoming(frame_value(slot, l.params[i]), entry_);
    slot += l.params[i].slot_count();
  }
  loop_target_ = l.target;
  at(const_cast<BasicBlock*>(here));
}

/// Behind the translation: operands below the loop have two definitions now, which stack slots join.
void Translator::join_operands() {
  for (Below& below : below_) {
    auto* value = llvm::dyn_cast_or_null<llvm::Instruction>(static_cast<Value*>(below.value));
    if (value == nullptr || value->getParent() == nullptr) continue;
    llvm::AllocaInst* home = llvm::DemoteRegToStack(*value, false, entry_->begin());
    if (home == nullptr) continue;  // never used
    llvm::IRBuilder<>(entry_->getTerminator()).CreateStore(below.from_frame, home);
    homes_.push_back(home);
  }
}

/// In a legacy handler the exception is a value that no frame slot has. A function can do without a loop's entry.
bool Translator::is_sound() const {
  return loop_target_ != nullptr && !has_catch_around_ && !llvm::verifyFunction(*fn_);
}

Status translate_loop(Unit& unit, module::FuncIdx f, uint32_t loop) { return Translator(unit, f, loop).run(); }

}  // namespace ashlar::optimizing
