// Evaluation of constant expressions: initializers of globals, tables and segments.
#pragma once

#include <vector>

#include "base/error.h"
#include "module/module.h"
#include "runtime/store.h"

namespace ashlar::runtime {

class Instance;

/// Evaluates against one instance, whose imports and earlier globals are in place. Reuse it: it keeps its stack.
class ConstEvaluator {
 public:
  explicit ConstEvaluator(Instance& instance) : instance_(instance), scanned_(instance.store().heap(), stack_) {}

  /// The value goes to out[0], a v128's high half to out[1]. Fails only when the GC heap is exhausted (a trap).
  Status eval(const module::ConstExpr& expr, Slot out[2]);
  /// A table index, memory address or reference: one slot.
  Result<Slot> eval_slot(const module::ConstExpr& expr);

 private:
  Status step(const module::ConstInst& inst);
  Status push_object(GcRef r);
  Status struct_new(uint32_t type_id);
  Status array_new_fixed(uint32_t type_id, uint32_t count);
  void push(Slot value) { stack_.push_back(value); }
  Slot pop();
  void global_get(uint32_t index);

  Instance& instance_;
  std::vector<Slot> stack_;
  GcHeap::ScannedRange scanned_;
};

}  // namespace ashlar::runtime
