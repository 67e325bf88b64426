// Instructions, locals and labels of generated bodies; see body.h.
#include "support/body.h"

#include "base/leb128.h"

namespace ashlar::fuzz {

using isa::Op;

Body::Body(Shape& shape, Choices& in, uint32_t func)
    : shape_(shape),
      in_(in),
      func_(func),
      type_(shape.func_type(func)),
      locals_(type_.params),
      params_(static_cast<uint32_t>(type_.params.size())) {}

Bytes Body::run() {
  for (uint32_t n = in_.below(7); n > 0; --n) locals_.push_back(shape_.default_type(in_));
  labels_.push_back({type_.results});
  fuel_check();
  if (shape_.options.numeric_loops) {
    numeric_function();
  } else {
    statements();
  }
  values(type_.results);
  op(Op::end);
  Bytes all;
  base::append_leb_u64(all, locals_.size() - params_);
  for (size_t i = params_; i < locals_.size(); ++i) {
    all.push_back(1);
    append_type(all, locals_[i]);
  }
  all.insert(all.end(), out_.begin(), out_.end());
  return all;
}

void Body::index(uint64_t value) { base::append_leb_u64(out_, value); }

void Body::op(Op op, uint64_t immediate) {
  append_op(out_, op);
  index(immediate);
}

void Body::i32_const(int32_t value) {
  op(Op::i32_const);
  base::append_leb_s32(out_, value);
}

void Body::address_const(bool is64, int64_t value) {
  op(is64 ? Op::i64_const : Op::i32_const);
  base::append_leb_s64(out_, is64 ? value : static_cast<int32_t>(value));
}

void Body::block_type(const Types& params, const Types& results) {
  if (params.empty() && results.empty()) return out_.push_back(isa::kEmptyBlockTypeCode);
  if (params.empty() && results.size() == 1) return append_type(out_, results[0]);
  base::append_leb_s64(out_, shape_.intern({params, results}));
}

void Body::fuel_check() {
  op(Op::global_get, kFuelGlobal);
  i32_const(1);
  op(Op::i32_sub);
  op(Op::global_set, kFuelGlobal);
  op(Op::global_get, kFuelGlobal);
  i32_const(0);
  op(Op::i32_lt_s);
  op(Op::if_);
  out_.push_back(isa::kEmptyBlockTypeCode);
  op(Op::unreachable);
  op(Op::end);
}

uint32_t Body::new_local(ValType type) {
  locals_.push_back(type);
  return static_cast<uint32_t>(locals_.size() - 1);
}

uint32_t Body::local_to_get(ValType type) {
  const uint32_t count = static_cast<uint32_t>(locals_.size());
  const uint32_t first = in_.below(count == 0 ? 1 : count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = (first + i) % count;
    if (shape_.matches(locals_[at], type)) return at;
  }
  return module::kNoIndex;
}

uint32_t Body::local_to_set(ValType type) {
  const uint32_t count = static_cast<uint32_t>(locals_.size());
  const uint32_t first = in_.below(count == 0 ? 1 : count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = (first + i) % count;
    if (shape_.matches(type, locals_[at])) return at;
  }
  return module::kNoIndex;
}

uint32_t Body::global_to_get(ValType type) {
  const uint32_t count = static_cast<uint32_t>(shape_.globals.size());
  const uint32_t first = in_.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = (first + i) % count;
    if (at != kFuelGlobal && shape_.matches(shape_.globals[at].type, type)) return at;
  }
  return module::kNoIndex;
}

void Body::discard(ValType type) {
  const uint32_t local = in_.one_in(2) ? local_to_set(type) : module::kNoIndex;
  if (local != module::kNoIndex) return op(Op::local_set, local);
  op(Op::drop);
}

void Body::discard_all(const Types& types) {
  for (size_t i = types.size(); i > 0; --i) discard(types[i - 1]);
}

void Body::keep(const Types& types, size_t kept) {
  for (size_t i = types.size(); i > kept + 1; --i) discard(types[i - 1]);
  if (kept == 0) return;
  const ValType type = types[kept];
  const bool is_ref = type.is_ref() && !type.nullable();
  const uint32_t local = new_local(is_ref ? type.as_nullable() : type);
  op(Op::local_set, local);
  for (size_t i = kept; i > 0; --i) discard(types[i - 1]);
  op(Op::local_get, local);
  if (is_ref) op(Op::ref_as_non_null);
}

void Body::open_label(Types types, Op opening, const Types& params, const Types& results) {
  op(opening);
  block_type(params, results);
  labels_.push_back({std::move(types)});
}

void Body::close_label() {
  op(Op::end);
  labels_.pop_back();
}

}  // namespace ashlar::fuzz
