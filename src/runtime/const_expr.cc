// A small stack machine over decoded constant instructions. Validated: the stack never runs empty, types fit.
#include "runtime/const_expr.h"

#include <string>

#include "isa/op_table.h"
#include "runtime/bulk.h"
#include "runtime/store.h"

namespace ashlar::runtime {

using isa::Op;

namespace {

/// Their bits are the value.
bool is_scalar_constant(Op op) {
  return op == Op::i32_const || op == Op::i64_const || op == Op::f32_const || op == Op::f64_const;
}

}  // namespace

Slot ConstEvaluator::pop() {
  const Slot top = stack_.back();
  stack_.pop_back();
  return top;
}

Status ConstEvaluator::eval(const module::ConstExpr& expr, Slot out[2]) {
  if (expr.insts.size() == 1 && is_scalar_constant(expr.insts[0].op)) {
    const module::ConstInst& inst = expr.insts[0];
    const bool narrow = inst.op == Op::i32_const || inst.op == Op::f32_const;
    out[0] = narrow ? static_cast<uint32_t>(inst.bits[0]) : inst.bits[0];
    out[1] = 0;
    return {};
  }
  stack_.clear();
  for (const module::ConstInst& inst : expr.insts) TRY(step(inst));
  out[0] = stack_[0];
  out[1] = stack_.size() > 1 ? stack_[1] : 0;
  return {};
}

Result<Slot> ConstEvaluator::eval_slot(const module::ConstExpr& expr) {
  Slot out[2];
  TRY(eval(expr, out));
  return out[0];
}

void ConstEvaluator::global_get(uint32_t index) {
  const Slot* value = instance_.ctx.globals[index];
  push(value[0]);
  if (instance_.module().globals[index].type.type.is_vec()) push(value[1]);
}

Status ConstEvaluator::push_object(GcRef r) {
  if (r == kNullRef) return make_error(ErrorCode::gc_heap_exhausted);
  push(r);
  return {};
}

Status ConstEvaluator::struct_new(uint32_t type_id) {
  GcHeap& heap = instance_.store().heap();
  const GcLayout& layout = heap.layout(type_id);
  const GcRef r = heap.alloc_struct(type_id);
  if (r == kNullRef) return make_error(ErrorCode::gc_heap_exhausted);
  for (size_t i = layout.kinds.size(); i-- > 0;) {
    const uint32_t slots = field_slots(layout.kinds[i]);
    store_gc_field(heap.at(r, layout.offsets[i]), layout.kinds[i], stack_.data() + stack_.size() - slots);
    stack_.resize(stack_.size() - slots);
  }
  push(r);
  return {};
}

Status ConstEvaluator::array_new_fixed(uint32_t type_id, uint32_t count) {
  GcHeap& heap = instance_.store().heap();
  const GcLayout& layout = heap.layout(type_id);
  const GcRef r = heap.alloc_array(type_id, count);
  if (r == kNullRef) return make_error(ErrorCode::gc_heap_exhausted);
  const size_t slots = size_t{field_slots(layout.kinds[0])};
  const Slot* from = stack_.data() + stack_.size() - slots * count;
  uint8_t* to = heap.elements(r);
  for (uint32_t i = 0; i < count; ++i, from += slots, to += layout.elem_size) {
    store_gc_field(to, layout.kinds[0], from);
  }
  heap.wrote_elements(r, 0, count);
  stack_.resize(stack_.size() - slots * count);
  push(r);
  return {};
}

// No switch without default here: validation lets a few instructions of hundreds into constant expressions.
Status ConstEvaluator::step(const module::ConstInst& inst) {
  Store& store = instance_.store();
  const auto type_id = [&] { return instance_.module().canonical[inst.index]; };
  const auto binary = [&](auto f) {
    const Slot b = pop();
    const Slot a = pop();
    push(f(a, b));
    return Status{};
  };
  switch (inst.op) {
    case Op::i32_const:
    case Op::f32_const:
      push(static_cast<uint32_t>(inst.bits[0]));
      return {};
    case Op::i64_const:
    case Op::f64_const:
      push(inst.bits[0]);
      return {};
    case Op::v128_const:
      push(inst.bits[0]);
      push(inst.bits[1]);
      return {};
    case Op::i32_add:
      return binary([](Slot a, Slot b) { return static_cast<uint32_t>(a + b); });
    case Op::i32_sub:
      return binary([](Slot a, Slot b) { return static_cast<uint32_t>(a - b); });
    case Op::i32_mul:
      return binary([](Slot a, Slot b) { return static_cast<uint32_t>(a * b); });
    case Op::i64_add:
      return binary([](Slot a, Slot b) { return a + b; });
    case Op::i64_sub:
      return binary([](Slot a, Slot b) { return a - b; });
    case Op::i64_mul:
      return binary([](Slot a, Slot b) { return a * b; });
    case Op::global_get:
      global_get(inst.index);
      return {};
    case Op::ref_null:
      push(0);
      return {};
    case Op::ref_func:
      push(from_func(instance_.func_cell(inst.index)));
      return {};
    case Op::ref_i31:
      push(make_i31(static_cast<uint32_t>(pop())));
      return {};
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return {};  // the two hierarchies share their encoding
    case Op::struct_new:
      return struct_new(type_id());
    case Op::struct_new_default:
      return push_object(store.heap().alloc_struct(type_id()));
    case Op::array_new_default:
      return push_object(store.heap().alloc_array(type_id(), static_cast<uint32_t>(pop())));
    case Op::array_new_fixed:
      return array_new_fixed(type_id(), inst.count);
    case Op::array_new: {
      const auto length = static_cast<uint32_t>(pop());
      const size_t slots = field_slots(store.heap().layout(type_id()).kinds[0]);
      GcRef r = kNullRef;
      TRY(to_status(store, runtime::array_new(store, type_id(), &stack_[stack_.size() - slots], length, &r)));
      stack_.resize(stack_.size() - slots);
      push(r);
      return {};
    }
    default:
      return make_error(ErrorCode::not_implemented, kNoOffset,
                        std::string(isa::mnemonic(inst.op)) + " in a constant expression");
  }
}

}  // namespace ashlar::runtime
