// Generated statements, blocks, branches, calls and exceptions; see body.h.
#include "support/body.h"

namespace ashlar::fuzz {

using isa::Op;

void Body::statements() {
  for (uint32_t n = in_.below(5); n > 0 && !exhausted(); --n) statement();
}

void Body::statement() {
  ++spent_;
  const Nest nest(depth_);
  const bool refs = shape_.options.references;
  const bool gc = shape_.options.gc;
  if (shape_.options.objects && in_.one_in(2)) return object_statement();
  switch (in_.below(20)) {
    case 0:
    case 1: {
      const ValType type = shape_.default_type(in_);
      value(type);
      const uint32_t local = local_to_set(type);
      return local == module::kNoIndex ? op(Op::drop) : op(Op::local_set, local);
    }
    case 2: {
      const uint32_t global = in_.below(static_cast<uint32_t>(shape_.globals.size()));
      if (global == kFuelGlobal || !shape_.globals[global].mut) return op(Op::nop);
      value(shape_.globals[global].type);
      return op(Op::global_set, global);
    }
    case 3:
    case 4:
    case 5:
      return table_op(ValType::bot());
    case 6:
    case 7:
      return block_statement();
    case 8:
      return counted_loop();
    case 9:
    case 10:
      return br_if();
    case 11:
      return diverge();
    case 12:
      return br_table();
    case 13: {
      const uint32_t callee = in_.below(static_cast<uint32_t>(shape_.funcs.size()));
      call(callee);
      return discard_all(shape_.func_type(callee).results);
    }
    case 14:
      return memory_statement();
    case 15:
      return refs ? table_statement() : memory_statement();
    case 16:
      return gc ? struct_statement() : block_statement();
    case 17:
      return gc ? array_statement() : block_statement();
    case 18:
      return refs ? null_statement() : br_if();
    default: {
      const ValType type = shape_.value_type(in_);
      value(type);
      return discard(type);
    }
  }
}

/// The inside of a block: parameters lie on the stack, results are left there.
void Body::block_contents(const Types& params, const Types& results) {
  if (params == results && in_.one_in(2)) return statements();
  discard_all(params);
  statements();
  values(results);
}

void Body::block(Op kind, const Types& params, const Types& results) {
  values(params);
  if (kind == Op::if_) value(ValType::i32());
  open_label(kind == Op::loop ? params : results, kind, params, results);
  if (kind == Op::loop) fuel_check();
  block_contents(params, results);
  if (kind == Op::if_ && (params != results || !in_.one_in(3))) {
    op(Op::else_);
    block_contents(params, results);
  }
  close_label();
}

namespace {

constexpr Op kBlocks[] = {Op::block, Op::loop, Op::if_};

}  // namespace

void Body::block_value(ValType type) {
  Types params, results;
  for (uint32_t n = in_.below(3); n > 0; --n) params.push_back(shape_.value_type(in_));
  if (in_.one_in(4)) results.push_back(shape_.value_type(in_));
  results.push_back(type);
  if (in_.one_in(4)) results.push_back(shape_.value_type(in_));
  if (in_.one_in(3)) params = results;
  const size_t kept = results.size() > 1 && results[1] == type ? 1 : results[0] == type ? 0 : 1;
  block(kBlocks[in_.below(3)], params, results);
  keep(results, kept);
}

void Body::block_statement() {
  Types params, results;
  for (uint32_t n = in_.below(3); n > 0; --n) params.push_back(shape_.value_type(in_));
  for (uint32_t n = in_.below(3); n > 0; --n) results.push_back(shape_.value_type(in_));
  block(kBlocks[in_.below(3)], params, results);
  discard_all(results);
}

/// A loop as compilers write them: a counter in a local, the test at the end.
void Body::counted_loop() {
  const bool wide = in_.one_in(4);
  const uint32_t counter = new_local(wide ? ValType::i64() : ValType::i32());
  address_const(wide, in_.between(1, 6));
  op(Op::local_set, counter);
  open_label({}, Op::loop, {}, {});
  fuel_check();
  statements();
  op(Op::local_get, counter);
  // Whatever the body did to the counter: it only counts down to zero or runs out of fuel.
  const bool subtract = in_.one_in(2);
  address_const(wide, subtract ? 1 : -1);
  if (wide) {
    op(subtract ? Op::i64_sub : Op::i64_add);
  } else {
    op(subtract ? Op::i32_sub : Op::i32_add);
  }
  op(Op::local_tee, counter);
  if (in_.one_in(2)) {
    address_const(wide, 0);
    op(wide ? Op::i64_gt_s : Op::i32_gt_s);
  } else if (wide) {
    op(Op::i64_eqz);
    op(Op::i32_eqz);
  }
  op(Op::br_if, 0);
  close_label();
}

void Body::br_if() {
  const uint32_t depth = in_.below(static_cast<uint32_t>(labels_.size()));
  const Types types = labels_[labels_.size() - 1 - depth].types;
  values(types);
  value(ValType::i32());
  op(Op::br_if, depth);
  discard_all(types);
}

/// A branch, return, throw or tail call, mostly under a condition.
void Body::diverge() {
  if (in_.one_in(12)) return leave();
  value(ValType::i32());
  open_label({}, Op::if_, {}, {});
  if (in_.one_in(3)) value(shape_.value_type(in_));  // what the branch must drop
  leave();
  close_label();
}

void Body::leave() {
  switch (in_.below(6)) {
    case 1:
      values(type_.results);
      return op(Op::return_);
    case 2:
      if (tail_call()) return;
      break;
    case 3:
      if (!shape_.tags.empty()) return throw_value();
      break;
    case 4:
      if (in_.one_in(6)) return op(Op::unreachable);
      break;
    case 5:
      for (size_t i = labels_.size(); i > 0; --i) {
        if (!labels_[i - 1].is_catch) continue;
        return op(Op::rethrow, labels_.size() - i);
      }
      break;
    default:
      break;
  }
  const uint32_t depth = in_.below(static_cast<uint32_t>(labels_.size()));
  values(Types(labels_[labels_.size() - 1 - depth].types));
  op(Op::br, depth);
}

void Body::br_table() {
  const uint32_t last = in_.below(static_cast<uint32_t>(labels_.size()));
  const Types types = labels_[labels_.size() - 1 - last].types;
  std::vector<uint32_t> same;
  for (uint32_t depth = 0; depth < labels_.size(); ++depth) {
    if (labels_[labels_.size() - 1 - depth].types == types) same.push_back(depth);
  }
  value(ValType::i32());
  open_label({}, Op::if_, {}, {});
  values(types);
  masked(7);
  const uint32_t count = in_.below(7);
  op(Op::br_table, count);
  // The labels as seen from inside the if.
  for (uint32_t i = 0; i < count; ++i) index(in_.of(same) + 1);
  index(last + 1);
  close_label();
}

bool Body::tail_call() {
  const uint32_t count = static_cast<uint32_t>(shape_.funcs.size());
  const uint32_t first = in_.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t callee = (first + i) % count;
    if (shape_.func_type(callee).results != type_.results) continue;
    values(Types(shape_.func_type(callee).params));
    const uint32_t kind = in_.below(3);
    if (kind == 1 && shape_.options.references) {
      op(Op::ref_func, callee);
      op(Op::return_call_ref, shape_.funcs[callee]);
    } else if (kind == 2) {
      i32_const(static_cast<int32_t>(callee));
      op(Op::return_call_indirect, shape_.funcs[callee]);
      index(0);
    } else {
      op(Op::return_call, callee);
    }
    return true;
  }
  return false;
}

void Body::call(uint32_t callee) {
  values(Types(shape_.func_type(callee).params));
  switch (in_.below(6)) {
    case 0:
      i32_const(static_cast<int32_t>(callee));
      op(Op::call_indirect, shape_.funcs[callee]);
      return index(0);
    case 1:
      masked(15);  // may have another type, be null or out of bounds
      op(Op::call_indirect, shape_.funcs[callee]);
      return index(0);
    case 2:
      if (!shape_.options.references) break;
      op(Op::ref_func, callee);
      return op(Op::call_ref, shape_.funcs[callee]);
    default:
      break;
  }
  op(Op::call, callee);
}

bool Body::call_value(ValType type) {
  const uint32_t count = static_cast<uint32_t>(shape_.funcs.size());
  const uint32_t first = in_.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t callee = (first + i) % count;
    const Types results = shape_.func_type(callee).results;
    for (size_t k = 0; k < results.size(); ++k) {
      if (!shape_.matches(results[k], type)) continue;
      call(callee);
      keep(results, k);
      return true;
    }
  }
  return false;
}

void Body::throw_value() {
  const uint32_t tag = in_.below(static_cast<uint32_t>(shape_.tags.size()));
  values(Types(shape_.types[shape_.tags[tag]].func.params));
  op(Op::throw_, tag);
}

/// block $out (block $handler (try_table value; br $out)) handler's values dropped; value.
void Body::try_value(ValType type) {
  const bool with_tag = !shape_.tags.empty() && !in_.one_in(4);
  const bool with_ref = in_.one_in(2);
  const uint32_t tag = with_tag ? in_.below(static_cast<uint32_t>(shape_.tags.size())) : 0;
  Types caught;
  if (with_tag) caught = shape_.types[shape_.tags[tag]].func.params;
  if (with_ref) caught.push_back(ValType::exnref());
  open_label({type}, Op::block, {}, {type});
  open_label(caught, Op::block, {}, caught);
  op(Op::try_table);
  block_type({}, {type});
  labels_.push_back({{type}});
  index(1);
  index((with_tag ? 0 : 2) + (with_ref ? 1 : 0));
  if (with_tag) index(tag);
  index(0);
  statements();
  if (in_.one_in(2) && !shape_.tags.empty()) {
    value(ValType::i32());
    open_label({}, Op::if_, {}, {});
    throw_value();
    close_label();
  }
  value(type);
  close_label();
  op(Op::br, 1);
  close_label();
  if (with_ref && in_.one_in(6)) {
    op(Op::throw_ref);
  } else {
    discard_all(caught);
  }
  value(type);
  close_label();
}

void Body::legacy_try_value(ValType type) {
  open_label({type}, Op::try_, {}, {type});
  statements();
  if (in_.one_in(2) && !shape_.tags.empty()) {
    value(ValType::i32());
    open_label({}, Op::if_, {}, {});
    throw_value();
    close_label();
  }
  value(type);
  if (in_.one_in(4)) {
    labels_.pop_back();
    return op(Op::delegate, in_.below(static_cast<uint32_t>(labels_.size())));
  }
  labels_.back().is_catch = true;
  for (uint32_t tag = 0; tag < shape_.tags.size(); ++tag) {
    if (!in_.one_in(2)) continue;
    op(Op::catch_, tag);
    discard_all(shape_.types[shape_.tags[tag]].func.params);
    statements();
    value(type);
  }
  if (in_.one_in(2)) {
    op(Op::catch_all);
    statements();
    value(type);
  }
  close_label();
}

}  // namespace ashlar::fuzz
