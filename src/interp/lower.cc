// The driver of lowering: locals, hot locals, entry, and one case an instruction family.
#include "interp/lower.h"

#include <algorithm>

#include "interp/local_uses.h"
#include "interp/lowering.h"
#include "runtime/frame_layout.h"
#include "validate/validate.h"

namespace ashlar::interp {

Lowering::Lowering(ModuleCode& code, module::FuncIdx f, const module::FuncFacts& facts,
                   std::vector<OffsetPair>* offsets)
    : code_(code),
      m_(code.module()),
      f_(f),
      facts_(facts),
      type_(m_.func_type(f)),
      reader_(m_, f, isa::Features::all()),
      fuel_(code.config().fuel) {
  emitter_.offsets = offsets;
}

/// The frame is that of runtime/frame_layout.h, which compiled loop entries read.
void Lowering::declare_locals() {
  std::vector<binary::LocalGroup> groups;
  (void)binary::read_locals(reader_, static_cast<uint32_t>(type_.params.size()), ~uint32_t{0} >> 1, groups);
  header_ = header_of(type_);
  uint32_t slot = 0;
  locals_.reserve(facts_.local_count);
  for (ValType p : type_.params) {
    locals_.push_back({p.kind(), static_cast<uint16_t>(slot), -1});
    slot += slots_of(p.kind());
  }
  slot = header_ + 1u;
  zero_first_ = static_cast<uint16_t>(slot);
  for (const binary::LocalGroup& g : groups) {
    for (uint32_t i = 0; i < g.count; ++i) {
      locals_.push_back({g.type.kind(), static_cast<uint16_t>(slot), -1});
      slot += slots_of(g.type.kind());
    }
  }
  zero_count_ = static_cast<uint16_t>(slot - zero_first_);
  CHECK(slot == runtime::frame_layout(type_, zero_count_).spare || slot > 60'000);
  max_slot_ = slot;  // 50,000 v128 locals overflow 16 bits; finish() refuses them
  temp_base_ = static_cast<uint16_t>(slot);
}

/// Weighs uses of integer locals by loop depth against the calls that would have to save them.
void Lowering::choose_hot_locals() {
  // Straight code gains too little to look at it twice.
  if (!facts_.has_loop) return;
  // Hot registers that nobody uses save to a slot of their own.
  const uint16_t dummy = temp_base_++;
  max_slot_ = temp_base_;
#if ASHLAR_PROFILE
  static LocalUses& uses = *new LocalUses;  // profiles are written when thread-local objects are gone
#else
  thread_local LocalUses uses;
#endif
  uses.count(m_, f_, locals_.size());
  const std::vector<uint64_t>& weight = uses.weight;
  uint32_t best[kHotLocals];
  int n = 0;
  uint64_t benefit = 0;
  for (; n < kHotLocals; ++n) {
    uint64_t top = 0;
    for (uint32_t i = 0; i < locals_.size(); ++i) {
      if (!is_int(locals_[i].kind) || std::find(best, best + n, i) != best + n || weight[i] <= top) continue;
      top = weight[i];
      best[n] = i;
    }
    if (top < 3) break;
    benefit += top;
  }
  if (n == 0 || benefit <= 3 * uses.calls + 4) return;
  uses_hot_ = true;
  for (int i = 0; i < kHotLocals; ++i) hot_slots_[i] = dummy;
  for (int i = 0; i < n; ++i) {
    locals_[best[i]].hot = static_cast<int8_t>(i);
    hot_slots_[i] = locals_[best[i]].slot;
  }
}

void Lowering::emit_entry() {
  entry_at_ = emitter_.begin_misc(uses_hot_ ? MiscOp::enter_l : MiscOp::enter, m_.funcs[f_].body_offset);
  emitter_.raw<uint32_t>(0);
  emitter_.raw<uint16_t>(zero_first_);
  emitter_.raw<uint16_t>(zero_count_);
  if (uses_hot_)
    for (uint16_t s : hot_slots_) emitter_.raw<uint16_t>(s);
  emitter_.end_misc();
}

/// `op`: fuel; fuel_enter for a function's first, fuel_check for a loop's.
void Lowering::begin_fuel_block(MiscOp op) {
  if (!fuel_) return;
  if (fuel_at_ != 0) emitter_.patch<uint64_t>(fuel_at_, fuel_count_);
  fuel_at_ = emitter_.begin_misc(op, wasm_) + 8;
  emitter_.raw<uint64_t>(0);
  emitter_.end_misc();
  fuel_count_ = 0;
}

/// Before what may show the fuel to others. Traps don't: they keep what was taken until then.
void Lowering::commit_fuel() {
  if (!fuel_) return;
  emitter_.begin_misc(MiscOp::fuel_commit, wasm_);
  emitter_.end_misc();
}

/// Code behind an unconditional branch: nothing is emitted until its block ends.
void Lowering::skip_unreachable(Op op) {
  switch (op) {
    case Op::block:
    case Op::loop:
    case Op::if_:
    case Op::try_:
    case Op::try_table:
      ++skip_depth_;
      ++control_next_;
      return;
    case Op::delegate:
    case Op::end:
      if (skip_depth_ > 0) --skip_depth_;
      return;
    default:
      return;
  }
}

namespace {
enum class OpClass : uint8_t { Unary, Binary, Ternary, Load, Store, Other };
constexpr OpClass class_of(Op op) {
  const isa::OpInfo& o = isa::info(op);
  if (o.special || o.prefix == 0xfb || o.prefix == 0xfe) return OpClass::Other;
  if (o.imm == isa::ImmKind::MemArg) return o.result_count() == 1 ? OpClass::Load : OpClass::Store;
  bool plain = o.imm == isa::ImmKind::None || o.imm == isa::ImmKind::Lane || o.imm == isa::ImmKind::Shuffle;
  if (!plain || o.result_count() != 1 || o.operand_count() == 0) return OpClass::Other;
  return o.operand_count() == 1 ? OpClass::Unary : o.operand_count() == 2 ? OpClass::Binary : OpClass::Ternary;
}
constexpr OpClass kClass[] = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) class_of(Op::id),
#include "isa/ops/all.def"
};
}  // namespace

void Lowering::lower_op(Op op, const binary::Imm& imm) {
  switch (op) {
    case Op::nop:
      return;
    case Op::unreachable:
      return trap_here(MiscOp::unreachable_);
    case Op::block:
    case Op::loop:
    case Op::if_:
    case Op::try_:
      return begin_block(op, imm.block);
    case Op::try_table:
      return begin_try_table(imm);
    case Op::else_:
      return lower_else();
    case Op::end:
      return lower_end();
    case Op::catch_:
    case Op::catch_all:
      return lower_catch(op, imm);
    case Op::delegate:
      return lower_delegate(imm.a);
    case Op::rethrow:
      return lower_rethrow(imm.a);
    case Op::throw_:
      return lower_throw(imm.a);
    case Op::throw_ref:
      return lower_throw_ref();
    case Op::br:
      return lower_branch(imm.a);
    case Op::br_if:
      return lower_branch_if(imm.a);
    case Op::br_table:
      return lower_branch_table(imm);
    case Op::br_on_null:
    case Op::br_on_non_null:
    case Op::br_on_cast:
    case Op::br_on_cast_fail:
      return lower_br_on(op, imm);
    case Op::return_:
      return lower_return();
    case Op::call:
      return lower_call(imm.a);
    case Op::call_indirect:
      return lower_call_indirect(imm, false);
    case Op::call_ref:
      return lower_call_ref(imm.a, false);
    case Op::return_call:
      return lower_return_call(imm.a);
    case Op::return_call_indirect:
      return lower_call_indirect(imm, true);
    case Op::return_call_ref:
      return lower_call_ref(imm.a, true);
    case Op::drop:
      pop();
      return;
    case Op::select:
    case Op::select_t:
      return lower_select();
    case Op::local_get:
      return lower_local_get(imm.a);
    case Op::local_set:
      return lower_local_set(imm.a, false);
    case Op::local_tee:
      return lower_local_set(imm.a, true);
    case Op::global_get:
      return lower_global_get(imm.a);
    case Op::global_set:
      return lower_global_set(imm.a);
    case Op::i32_const:
      return push_const(ValKind::I32, imm.lo);
    case Op::i64_const:
      return push_const(ValKind::I64, imm.lo);
    case Op::f32_const:
      return push_const(ValKind::F32, imm.lo);
    case Op::f64_const:
      return push_const(ValKind::F64, imm.lo);
    case Op::v128_const:
      return push_const(ValKind::V128, imm.lo, imm.hi);
    default:
      break;
  }
  switch (kClass[static_cast<size_t>(op)]) {
    case OpClass::Unary:
      return lower_unary(op, imm);
    case OpClass::Binary:
      return lower_binary(op, imm);
    case OpClass::Ternary:
      return lower_ternary(op);
    case OpClass::Load:
      return lower_load(op, imm);
    case OpClass::Store:
      return lower_store(op, imm);
    case OpClass::Other:
      return lower_rare(op, imm);
  }
}

void Lowering::lower_rare(Op op, const binary::Imm& imm) {
  if (op == Op::atomic_fence) {
    slot_op(runtime::slot_function(op), {}, 0, {});
    return;
  }
  bool known = lower_reference(op, imm) || lower_gc(op, imm) || lower_gc_slots(op, imm) || lower_slot_op(op, imm);
  CHECK(known);  // every opcode has a lowering: tests/unit/interp
}

Result<std::unique_ptr<FuncCode>> Lowering::run() {
  declare_locals();
  if (max_slot_ > 60'000)
    return make_error(ErrorCode::implementation_limit, m_.funcs[f_].body_offset,
                      "a function's frame has more than 60,000 slots");
  choose_hot_locals();
  wasm_ = m_.funcs[f_].body_offset;
  emitter_.reserve(m_.funcs[f_].body_size * 4 + 256);
  stack_.reset(temp_base_);
  labels_.reserve(16);
  emit_entry();
  labels_.push_back(Label{.op = Op::block, .base = temp_base_, .type = &type_});
  begin_fuel_block(MiscOp::fuel_enter);
  const isa::FuelCosts& costs = code_.config().fuel_costs;
  binary::Imm imm;
  while (!labels_.empty()) {
    Op op = reader_.next(imm);
    wasm_ = static_cast<uint32_t>(reader_.op_pos());
    CHECK(op != Op::kCount);  // validated
    if (unreachable_) {
      bool closes = op == Op::end || op == Op::else_ || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
      if (skip_depth_ > 0 || !closes) {
        skip_unreachable(op);
        continue;
      }
    } else {
      fuel_count_ += costs[op];
    }
    lower_op(op, imm);
  }
  if (max_slot_ > 65'000)
    return make_error(ErrorCode::implementation_limit, m_.funcs[f_].body_offset,
                      "a function's frame has more than 65,000 slots");
  return finish();
}

std::unique_ptr<FuncCode> Lowering::finish() {
  (void)emitter_.label();
  if (fuel_) emitter_.patch<uint64_t>(fuel_at_, fuel_count_);
  // Some slot operations write one slot more than they read.
  emitter_.patch<uint32_t>(entry_at_ + 8, max_slot_ + 4);
  auto out = std::make_unique<FuncCode>();
  out->index = f_;
  out->header = header_;
  out->size = emitter_.position();
  out->words = emitter_.release();
  out->handlers = std::move(handlers_);
  out->loops = std::move(loops_);
  return out;
}

Result<std::unique_ptr<FuncCode>> lower(ModuleCode& code, module::FuncIdx f, std::vector<OffsetPair>* offsets) {
  const module::Module& m = code.module();
  if (!m.facts.empty()) return Lowering(code, f, m.facts[f - m.imported_funcs], offsets).run();
  validate::ValidateOptions options{.features = code.config().features, .limits = code.config().limits};
  TRY_ASSIGN(module::FuncFacts facts, validate::validate_function(code.module(), f, options));
  return Lowering(code, f, facts, offsets).run();
}

}  // namespace ashlar::interp
