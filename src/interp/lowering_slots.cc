// Lowering of instructions that are executed through slots: bulk, table and atomic instructions, and what of GC is
// long.
#include "interp/lowering.h"

namespace ashlar::interp {

void Lowering::slot_op_kinds(SlotFn fn, SlotImm imm, size_t operands, const std::vector<ValKind>& results,
                             uint64_t offset) {
  materialize_top(operands);
  uint16_t base = operands == 0 ? height_slot() : stack_[stack_.size() - operands].home;
  for (size_t i = 0; i < operands; ++i) pop();
  emitter_.begin_misc(MiscOp::slot_op, wasm_);
  emitter_.raw<SlotFn>(fn);
  emitter_.raw<uint16_t>(base);
  emitter_.raw<uint32_t>(imm.a);
  emitter_.raw<uint32_t>(imm.b);
  emitter_.raw<uint16_t>(imm.c);
  emitter_.raw<uint64_t>(offset);
  emitter_.end_misc();
  for (ValKind k : results) push_home(k);
  if (!results.empty()) wrote_slot(base, static_cast<int>(height_slot()) - base);
}
void Lowering::slot_op(SlotFn fn, SlotImm imm, size_t operands, std::initializer_list<ValKind> results,
                       uint64_t offset) {
  slot_op_kinds(fn, imm, operands, std::vector<ValKind>(results), offset);
}

namespace {
ValKind value_kind(const isa::FieldType& f) {
  return f.storage.packed != isa::Packed::None ? ValKind::I32 : f.storage.type.kind();
}
/// Addresses of memory `i` or table `i` are i64.
ValKind address_kind(const module::Limits& l) { return l.is64 ? ValKind::I64 : ValKind::I32; }
}  // namespace

/// Everything that the table executes through slot_ops.h but for GC and references.
bool Lowering::lower_slot_op(Op op, const binary::Imm& imm) {
  SlotFn fn = runtime::slot_function(op);
  if (fn == nullptr) return false;
  switch (op) {
    case Op::memory_size:
      slot_op(fn, {imm.memory, 0, 0}, 0, {address_kind(m_.memories[imm.memory].type.limits)});
      return true;
    case Op::memory_grow:
      slot_op(fn, {imm.memory, 0, 0}, 1, {address_kind(m_.memories[imm.memory].type.limits)});
      return true;
    case Op::memory_fill:
      slot_op(fn, {imm.memory, 0, 0}, 3, {});
      return true;
    case Op::memory_copy:
    case Op::table_copy:
      slot_op(fn, {imm.a, imm.b, 0}, 3, {});
      return true;
    case Op::memory_init:
      slot_op(fn, {imm.memory, imm.a, 0}, 3, {});
      return true;
    case Op::table_init:
      slot_op(fn, {imm.b, imm.a, 0}, 3, {});
      return true;
    case Op::data_drop:
    case Op::elem_drop:
      slot_op(fn, {0, imm.a, 0}, 0, {});
      return true;
    case Op::table_set:
      slot_op(fn, {imm.a, 0, 0}, 2, {});
      return true;
    case Op::table_size:
      slot_op(fn, {imm.a, 0, 0}, 0, {address_kind(m_.tables[imm.a].type.limits)});
      return true;
    case Op::table_grow:
      slot_op(fn, {imm.a, 0, 0}, 2, {address_kind(m_.tables[imm.a].type.limits)});
      return true;
    case Op::table_fill:
      slot_op(fn, {imm.a, 0, 0}, 3, {});
      return true;
    default:
      break;
  }
  const isa::OpInfo& o = isa::info(op);
  if (o.special) return false;
  std::vector<ValKind> results;
  for (size_t i = 0; i < o.result_count(); ++i) results.push_back(kind_of_letter(o.result(i)));
  slot_op_kinds(fn, {imm.memory, imm.lane, 0}, o.operand_count(), results, imm.offset);
  return true;
}

/// What of GC has no steps: whole arrays, fields and elements that are v128.
bool Lowering::lower_gc_slots(Op op, const binary::Imm& imm) {
  SlotFn fn = runtime::slot_function(op);
  if (fn == nullptr || isa::info(op).prefix != 0xfb) return false;
  auto canonical = [&](uint32_t t) { return m_.canonical[t]; };
  const uint32_t type = canonical(imm.a);
  switch (op) {
    case Op::struct_new:
      slot_op(fn, {type, 0, 0}, m_.types[imm.a].fields.size(), {ValKind::Ref});
      return true;
    case Op::struct_new_default:
      slot_op(fn, {type, 0, 0}, 0, {ValKind::Ref});
      return true;
    case Op::struct_get:
      slot_op(fn, {type, imm.b, 0}, 1, {value_kind(m_.types[imm.a].fields[imm.b])});
      return true;
    case Op::struct_set:
      slot_op(fn, {type, imm.b, 0}, 2, {});
      return true;
    case Op::array_new:
      slot_op(fn, {type, 0, 0}, 2, {ValKind::Ref});
      return true;
    case Op::array_new_default:
      slot_op(fn, {type, 0, 0}, 1, {ValKind::Ref});
      return true;
    case Op::array_new_fixed:
      slot_op(fn, {type, imm.b, 0}, imm.b, {ValKind::Ref});
      return true;
    case Op::array_new_data:
    case Op::array_new_elem:
      slot_op(fn, {type, imm.b, 0}, 2, {ValKind::Ref});
      return true;
    case Op::array_get:
      slot_op(fn, {type, 0, 0}, 2, {value_kind(m_.types[imm.a].fields[0])});
      return true;
    case Op::array_set:
      slot_op(fn, {type, 0, 0}, 3, {});
      return true;
    case Op::array_fill:
      slot_op(fn, {type, 0, 0}, 4, {});
      return true;
    case Op::array_copy:
      slot_op(fn, {type, canonical(imm.b), 0}, 5, {});
      return true;
    case Op::array_init_data:
    case Op::array_init_elem:
      slot_op(fn, {type, imm.b, 0}, 4, {});
      return true;
    default:
      return false;
  }
}

}  // namespace ashlar::interp
