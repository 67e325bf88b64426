// Blocks, branches, calls and exceptions; see function.h.
#include <algorithm>

#include "validate/function.h"

namespace ashlar::validate {

using isa::AbsHeap;
using isa::Feature;
using module::CompositeKind;
using module::ControlEntry;
using module::FuncType;

namespace {
std::string types_string(std::span<const ValType> types) {
  return module::to_string(std::vector<ValType>(types.begin(), types.end()));
}
}  // namespace

bool FunctionValidator::instruction(Op op) {
  switch (op) {
    case Op::local_get:
      return local_get();
    case Op::local_set:
      return local_set(false);
    case Op::local_tee:
      return local_set(true);
    case Op::global_get:
    case Op::global_set:
      return global_op(op);
    case Op::drop: {
      ValType type;
      return pop_any(type);
    }
    case Op::select:
      return select(false);
    case Op::select_t:
      return select(true);
    case Op::memory_copy:
      return memory_copy();
    case Op::table_get:
    case Op::table_set:
    case Op::table_grow:
    case Op::table_fill:
    case Op::table_copy:
      return table_op(op);
    case Op::ref_null:
    case Op::ref_is_null:
    case Op::ref_func:
    case Op::ref_eq:
    case Op::ref_as_non_null:
      return reference(op);
    default:
      // Prefix 0xfb is the GC's alone; all other special instructions are control.
      return isa::info(op).prefix == 0xfb ? gc(op) : control(op);
  }
}

bool FunctionValidator::control(Op op) {
  switch (op) {
    case Op::unreachable:
      return set_unreachable();
    case Op::block:
      return open(FrameKind::Block);
    case Op::loop:
      facts_->has_loop = true;
      return open(FrameKind::Loop);
    case Op::if_:
      return open(FrameKind::If);
    case Op::else_:
      return else_();
    case Op::end:
      return end();
    case Op::br:
      return br(imm_.a);
    case Op::br_if:
      return br_if(imm_.a);
    case Op::br_table:
      return br_table();
    case Op::return_:
      return pop_all(frames_.front().results()) && set_unreachable();
    case Op::call:
    case Op::call_indirect:
    case Op::call_ref:
    case Op::return_call:
    case Op::return_call_indirect:
    case Op::return_call_ref:
      return call_op(op);
    case Op::br_on_null:
      return br_on_null();
    case Op::br_on_non_null:
      return br_on_non_null();
    case Op::throw_:
      return throw_op();
    case Op::throw_ref:
      return pop(ValType::exnref()) && set_unreachable();
    case Op::try_table:
      return try_table();
    case Op::try_:
      facts_->has_handler = true;
      return open(FrameKind::Try);
    case Op::catch_:
    case Op::catch_all:
      return legacy_catch(op);
    case Op::rethrow:
      return rethrow();
    case Op::delegate:
      return delegate();
    default:
      CHECK(false);  // a row with signature "*" that has no case: add it
      return false;
  }
}

// --- blocks

bool FunctionValidator::block_type(const FuncType*& type, ValType& result) {
  switch (imm_.block.kind) {
    case binary::BlockType::Kind::Empty:
      return true;
    case binary::BlockType::Kind::Value:
      result = imm_.block.value;
      return check_val_type(result);
    case binary::BlockType::Kind::Type:
      type = func_type(imm_.block.type);
      return type != nullptr;
  }
  return true;
}

bool FunctionValidator::open(FrameKind kind) {
  const FuncType* type = nullptr;
  ValType result;
  if (!block_type(type, result) || (kind == FrameKind::If && !pop(ValType::i32()))) return false;
  if (type != nullptr && !pop_all(type->params)) return false;
  if (frames_.size() > options_.limits.nesting) {
    return fail(ErrorCode::nesting_limit, std::to_string(frames_.size()));
  }
  ControlEntry entry{};
  entry.start = static_cast<uint32_t>(in_.op_pos()) - body_offset_;
  entry.height = (sp_ + vectors_) & 0x7fffffffu;
  Frame& frame = frames_.emplace_back();
  frame.kind = kind;
  frame.height = sp_;
  frame.vectors = vectors_;
  frame.inits = static_cast<uint32_t>(init_log_.size());
  frame.control = static_cast<uint32_t>(facts_->control.size());
  frame.type = type;
  frame.result = result;
  facts_->control.push_back(entry);
  height_ = sp_;
  return type == nullptr || push_all(type->params);
}

bool FunctionValidator::close_frame() {
  Frame& frame = top();
  if (frame.type == nullptr) {
    if (!frame.result.is_bot() && !pop(frame.result)) return false;
  } else if (!pop_all(frame.type->results)) {
    return false;
  }
  if (sp_ != height_) {
    return mismatch("block requires " + types_string(frame.results()) + " but stack has " +
                    types_string({stack_.data() + height_, sp_ - height_}));
  }
  for (; init_log_.size() > frame.inits; init_log_.pop_back()) initialized_[init_log_.back()] = false;
  return true;
}

bool FunctionValidator::else_() {
  Frame& frame = top();
  if (frame.kind != FrameKind::If) return fail(ErrorCode::end_expected);
  if (!close_frame()) return false;
  facts_->control[frame.control].else_ = static_cast<uint32_t>(in_.op_pos()) - body_offset_;
  frame.kind = FrameKind::Else;
  frame.unreachable = false;
  return push_all(frame.params());
}

bool FunctionValidator::end() {
  if (!close_frame()) return false;
  const Frame& frame = top();
  const FuncType* type = frame.type;
  const ValType result = frame.result;
  if (frame.kind == FrameKind::If && !(type == nullptr ? result.is_bot() : passes_through(*type))) {
    return mismatch("if without else has results " + types_string(frame.results()));
  }
  const uint32_t control = frame.control;
  frames_.pop_back();
  if (frames_.empty()) return true;
  facts_->control[control].end = static_cast<uint32_t>(in_.op_pos()) - body_offset_;
  height_ = top().height;
  if (type != nullptr) return push_all(type->results);
  return result.is_bot() || push(result);
}

/// What a missing else does.
bool FunctionValidator::passes_through(const FuncType& type) const {
  return std::ranges::equal(type.params, type.results,
                            [&](ValType param, ValType result) { return types_.matches(param, result); });
}

bool FunctionValidator::set_unreachable() {
  Frame& frame = top();
  frame.unreachable = true;
  drop_to(frame.height, frame.vectors);
  return true;
}

// --- branches

FunctionValidator::Frame* FunctionValidator::label(uint32_t depth) {
  if (depth >= frames_.size()) {
    fail_unknown("label", depth);
    return nullptr;
  }
  Frame& frame = frames_[frames_.size() - 1 - depth];
  if (frame.kind != FrameKind::Function) facts_->control[frame.control].targeted = 1;
  return &frame;
}

bool FunctionValidator::br(uint32_t depth) {
  const Frame* target = label(depth);
  return target != nullptr && pop_all(target->label()) && set_unreachable();
}

bool FunctionValidator::br_if(uint32_t depth) {
  const Frame* target = label(depth);
  if (target == nullptr || !pop(ValType::i32())) return false;
  return pop_all(target->label()) && push_all(target->label());
}

bool FunctionValidator::br_table() {
  if (!pop(ValType::i32())) return false;
  const Frame* fallback = label(imm_.a);
  if (fallback == nullptr) return false;
  const size_t arity = fallback->label().size();
  ++table_stamp_;
  for (const uint32_t depth : imm_.labels) {
    Frame* target = label(depth);
    if (target == nullptr) return false;
    if (target->table_stamp == table_stamp_) continue;  // tables repeat their labels
    target->table_stamp = table_stamp_;
    if (target->label().size() != arity) {
      return mismatch("br_table has labels of types " + types_string(fallback->label()) + " and " +
                      types_string(target->label()));
    }
    if (!check_top(target->label())) return false;
  }
  return pop_all(fallback->label()) && set_unreachable();
}

bool FunctionValidator::br_on_null() {
  const Frame* target = label(imm_.a);
  ValType type;
  if (target == nullptr || !pop_ref(type)) return false;
  return pop_all(target->label()) && push_all(target->label()) && push(type.as_non_null());
}

bool FunctionValidator::br_on_non_null() {
  const Frame* target = label(imm_.a);
  ValType type;
  if (target == nullptr || !pop_ref(type)) return false;
  const std::span<const ValType> label_types = target->label();
  if (label_types.empty()) return mismatch("the label takes no reference");
  return push(type.as_non_null()) && pop_all(label_types) && push_all(label_types.first(label_types.size() - 1));
}

bool FunctionValidator::br_on_cast(bool on_fail) {
  const Frame* target = label(imm_.a);
  if (target == nullptr || !check_heap_type(imm_.heap) || !check_heap_type(imm_.heap2)) return false;
  const ValType source = ValType::ref(imm_.null1, imm_.heap);
  const ValType cast = ValType::ref(imm_.null2, imm_.heap2);
  if (!types_.matches(cast, source)) {
    return mismatch(isa::to_string(cast) + " is no subtype of " + isa::to_string(source));
  }
  // What the value still may be when it is not of the target type.
  const ValType rest = ValType::ref(imm_.null1 && !imm_.null2, imm_.heap);
  const std::span<const ValType> label_types = target->label();
  if (!pop(source)) return false;
  if (label_types.empty()) return mismatch("the label takes no reference");
  return push(on_fail ? rest : cast) && pop_all(label_types) && push_all(label_types.first(label_types.size() - 1)) &&
         push(on_fail ? cast : rest);
}

// --- calls

const FuncType* FunctionValidator::func_type(uint32_t type) {
  if (type >= m_.types.size()) {
    fail_unknown("type", type);
    return nullptr;
  }
  if (m_.types[type].kind != CompositeKind::Func) {
    mismatch("type " + std::to_string(type) + " is no function type");
    return nullptr;
  }
  return &m_.types[type].func;
}

bool FunctionValidator::call(const FuncType& type) { return pop_all(type.params) && push_all(type.results); }

bool FunctionValidator::return_call(const FuncType& type) {
  const std::span<const ValType> wanted = frames_.front().results();
  const bool same =
      std::ranges::equal(type.results, wanted, [&](ValType sub, ValType super) { return types_.matches(sub, super); });
  if (!same) {
    return mismatch("the function returns " + types_string(wanted) + " but the callee " + types_string(type.results));
  }
  return pop_all(type.params) && set_unreachable();
}

bool FunctionValidator::call_op(Op op) {
  facts_->has_call = true;
  const FuncType* type = nullptr;
  if (op == Op::call || op == Op::return_call) {
    if (imm_.a >= m_.funcs.size()) return fail_unknown("function", imm_.a);
    type = &m_.func_type(imm_.a);
  } else if (op == Op::call_indirect || op == Op::return_call_indirect) {
    if (imm_.b >= m_.tables.size()) return fail_unknown("table", imm_.b);
    const module::TableType& table = m_.tables[imm_.b].type;
    type = func_type(imm_.a);
    if (type == nullptr) return false;
    if (!types_.matches(table.elem, ValType::funcref())) {
      return mismatch("table " + std::to_string(imm_.b) + " holds " + isa::to_string(table.elem));
    }
    if (!pop(address_of(table.limits))) return false;
  } else {
    type = func_type(imm_.a);
    if (type == nullptr || !pop(ValType::ref_null(HeapType::concrete(imm_.a)))) return false;
  }
  const bool tail = op == Op::return_call || op == Op::return_call_indirect || op == Op::return_call_ref;
  return tail ? return_call(*type) : call(*type);
}

// --- exceptions

bool FunctionValidator::throw_op() {
  if (imm_.a >= m_.tags.size()) return fail_unknown("tag", imm_.a);
  return pop_all(m_.types[m_.tags[imm_.a].type.type].func.params) && set_unreachable();
}

bool FunctionValidator::try_table() {
  facts_->has_handler = true;
  // Labels of clauses count from outside the try_table.
  for (const binary::CatchClause& clause : imm_.catches) {
    std::span<const ValType> params;
    if (clause.has_tag()) {
      if (clause.tag >= m_.tags.size()) return fail_unknown("tag", clause.tag);
      params = m_.types[m_.tags[clause.tag].type.type].func.params;
    }
    const Frame* target = label(clause.label);
    if (target == nullptr) return false;
    const std::span<const ValType> wanted = target->label();
    const size_t caught = params.size() + (clause.has_ref() ? 1 : 0);
    bool same = caught == wanted.size();
    for (size_t i = 0; same && i < params.size(); ++i) same = types_.matches(params[i], wanted[i]);
    if (same && clause.has_ref()) same = types_.matches(ValType::ref(AbsHeap::Exn), wanted.back());
    if (!same) {
      return mismatch("catch clause gives " + types_string(params) + (clause.has_ref() ? " and (ref exn)" : "") +
                      " but label has " + types_string(wanted));
    }
  }
  return open(FrameKind::TryTable);
}

bool FunctionValidator::legacy_catch(Op op) {
  Frame& frame = top();
  if (frame.kind != FrameKind::Try && frame.kind != FrameKind::Catch) return fail(ErrorCode::end_expected);
  if (!close_frame()) return false;
  uint32_t& first = facts_->control[frame.control].else_;
  if (first == 0) first = static_cast<uint32_t>(in_.op_pos()) - body_offset_;
  frame.kind = op == Op::catch_ ? FrameKind::Catch : FrameKind::CatchAll;
  frame.unreachable = false;
  if (op == Op::catch_all) return true;
  if (imm_.a >= m_.tags.size()) return fail_unknown("tag", imm_.a);
  return push_all(m_.types[m_.tags[imm_.a].type.type].func.params);
}

bool FunctionValidator::delegate() {
  if (top().kind != FrameKind::Try) return fail(ErrorCode::end_expected);
  if (imm_.a + uint64_t{1} >= frames_.size()) return fail_unknown("label", imm_.a);
  return end();
}

bool FunctionValidator::rethrow() {
  if (imm_.a >= frames_.size()) return fail_unknown("label", imm_.a);
  const FrameKind kind = frames_[frames_.size() - 1 - imm_.a].kind;
  if (kind != FrameKind::Catch && kind != FrameKind::CatchAll) {
    return fail(ErrorCode::invalid_rethrow, std::to_string(imm_.a));
  }
  return set_unreachable();
}

}  // namespace ashlar::validate
