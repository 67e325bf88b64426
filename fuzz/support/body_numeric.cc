// Generated loops over numbers, as the compiler doubles them: streams of addresses that run in steps, overlap, and
// begin or end where the memory does; see body.h.
#include "base/leb128.h"
#include "support/body.h"

namespace ashlar::fuzz {

using isa::Op;

namespace {

struct Kind {
  ValType type;
  std::span<const Op> loads, stores, unary, binary;
};

constexpr Op kLoadsF32[] = {Op::f32_load};
constexpr Op kStoresF32[] = {Op::f32_store};
constexpr Op kUnaryF32[] = {Op::f32_neg, Op::f32_abs, Op::f32_sqrt, Op::f32_nearest, Op::f32_floor};
constexpr Op kBinaryF32[] = {Op::f32_add, Op::f32_mul, Op::f32_sub,     Op::f32_div,
                             Op::f32_min, Op::f32_max, Op::f32_copysign};
constexpr Op kLoadsF64[] = {Op::f64_load};
constexpr Op kStoresF64[] = {Op::f64_store};
constexpr Op kUnaryF64[] = {Op::f64_neg, Op::f64_abs, Op::f64_sqrt, Op::f64_ceil, Op::f64_trunc};
constexpr Op kBinaryF64[] = {Op::f64_add, Op::f64_mul, Op::f64_sub,     Op::f64_div,
                             Op::f64_min, Op::f64_max, Op::f64_copysign};
constexpr Op kLoadsI32[] = {Op::i32_load, Op::i32_load8_u, Op::i32_load8_s, Op::i32_load16_u, Op::i32_load16_s};
constexpr Op kStoresI32[] = {Op::i32_store, Op::i32_store8, Op::i32_store16};
constexpr Op kUnaryI32[] = {Op::i32_clz, Op::i32_popcnt, Op::i32_extend8_s, Op::i32_eqz};
constexpr Op kBinaryI32[] = {Op::i32_add, Op::i32_mul,   Op::i32_sub,  Op::i32_xor,
                             Op::i32_and, Op::i32_shr_u, Op::i32_rotl, Op::i32_lt_s};
constexpr Op kLoadsI64[] = {Op::i64_load, Op::i64_load32_u, Op::i64_load32_s, Op::i64_load8_u, Op::i64_load16_s};
constexpr Op kStoresI64[] = {Op::i64_store, Op::i64_store32, Op::i64_store16, Op::i64_store8};
constexpr Op kUnaryI64[] = {Op::i64_ctz, Op::i64_extend32_s, Op::i64_popcnt};
constexpr Op kBinaryI64[] = {Op::i64_add, Op::i64_mul, Op::i64_sub, Op::i64_xor, Op::i64_or, Op::i64_shl};
constexpr Op kLoadsV128[] = {Op::v128_load,        Op::v128_load,        Op::v128_load8x8_s,    Op::v128_load16x4_u,
                             Op::v128_load32x2_s,  Op::v128_load8_splat, Op::v128_load32_splat, Op::v128_load64_splat,
                             Op::v128_load32_zero, Op::v128_load64_zero};
constexpr Op kStoresV128[] = {Op::v128_store};
constexpr Op kUnaryV128[] = {Op::f32x4_neg,
                             Op::f32x4_sqrt,
                             Op::f64x2_abs,
                             Op::i8x16_abs,
                             Op::i16x8_neg,
                             Op::v128_not,
                             Op::i8x16_popcnt,
                             Op::i32x4_extadd_pairwise_i16x8_s,
                             Op::f32x4_convert_i32x4_s};
constexpr Op kBinaryV128[] = {Op::f32x4_add,       Op::f32x4_mul,
                              Op::f64x2_mul,       Op::i8x16_add,
                              Op::i16x8_mul,       Op::i32x4_mul,
                              Op::i64x2_sub,       Op::v128_xor,
                              Op::f32x4_max,       Op::i8x16_avgr_u,
                              Op::i16x8_add_sat_s, Op::i32x4_dot_i16x8_s,
                              Op::i32x4_lt_s,      Op::i8x16_swizzle,
                              Op::f32x4_pmin,      Op::i8x16_narrow_i16x8_u,
                              Op::f32x4_sub,       Op::i16x8_extmul_low_i8x16_s};

Kind kind_of(ValType type) {
  switch (type.kind()) {
    case isa::ValKind::F32:
      return {type, kLoadsF32, kStoresF32, kUnaryF32, kBinaryF32};
    case isa::ValKind::F64:
      return {type, kLoadsF64, kStoresF64, kUnaryF64, kBinaryF64};
    case isa::ValKind::I64:
      return {type, kLoadsI64, kStoresI64, kUnaryI64, kBinaryI64};
    case isa::ValKind::V128:
      return {type, kLoadsV128, kStoresV128, kUnaryV128, kBinaryV128};
    default:
      return {ValType::i32(), kLoadsI32, kStoresI32, kUnaryI32, kBinaryI32};
  }
}

constexpr int32_t kSteps[] = {4, 16, 8, 4, 16, -4, -16, 1, 2, 12, -8, -1, 32, 20, 0, 64, 24, -12, 4096, -65536};
constexpr int32_t kCounts[] = {16, 4, 5, 1, 0, 2, 3, 7, 8, 9, 33, 15, 17, 31, 32, 40, 64, 65, 100, 6};

}  // namespace

/// Zero, which a compiler can't know: the module's fuel is small and not negative where code runs.
void Body::add_opaque_zero() {
  op(Op::global_get, kFuelGlobal);
  i32_const(20);
  op(Op::i32_shr_u);
  op(Op::i32_add);
}

void Body::push_memory_end() {
  op(Op::memory_size, 0);
  i32_const(16);
  op(Op::i32_shl);
}

/// Something else in every word near the beginning and the end of memory, but so that differences stay differences.
void Body::mix_memory() {
  const uint32_t at = new_local(ValType::i32());
  for (const bool end : {false, true}) {
    if (end) push_memory_end();
    i32_const(end ? -1024 : 0);
    if (end) op(Op::i32_add);
    op(Op::local_set, at);
    open_label({}, Op::loop, {}, {});
    op(Op::local_get, at);
    op(Op::local_get, at);
    op(Op::i32_load, 0);
    index(0);
    i32_const(static_cast<int32_t>(0x9e3779b1));
    op(Op::i32_mul);
    op(Op::local_get, at);
    op(Op::i32_add);
    i32_const(0x3f812345);
    op(Op::i32_add);
    op(Op::i32_store, 0);
    index(0);
    op(Op::local_get, at);
    i32_const(4);
    op(Op::i32_add);
    op(Op::local_tee, at);
    if (end) {
      push_memory_end();
    } else {
      i32_const(2048);
    }
    op(Op::i32_lt_u);
    op(Op::br_if, 0);
    close_label();
  }
}

void Body::numeric_function() {
  if (!in_.one_in(4)) mix_memory();
  for (uint32_t n = in_.between(1, 3); n > 0; --n) numeric_nest();
}

/// Where a stream begins: such that it ends at the end of memory, or about there; near its start; near another one.
void Body::stream_base(const NumericLoop& loop, int32_t step) {
  constexpr int32_t kReach = 112;  // of most offsets and widths
  const int32_t span = loop.count * static_cast<int32_t>(loop.rounds) * std::abs(step);
  const auto near = [&](uint32_t range) { return static_cast<int32_t>(in_.below(range)); };
  switch (in_.below(8)) {
    case 0:
    case 1:  // known, mostly inside
      return i32_const((step < 0 ? span : 0) + near(255) * (in_.one_in(2) ? 4 : 1) + (in_.one_in(4) ? 0 : 16));
    case 2:
    case 3:
      i32_const((step < 0 ? span : 0) + 512 + near(255));
      return add_opaque_zero();
    case 4:
    case 5: {
      // A simple loop's last access is as wide as its step.
      const int32_t exact = (step < 0 ? -step : 0) + (in_.one_in(2) ? near(3) - 1 : 0);
      const int32_t slack = loop.only ? exact : in_.one_in(4) ? near(kReach) : kReach + near(16);
      push_memory_end();
      i32_const(-slack - (step < 0 ? 0 : span));
      return op(Op::i32_add);
    }
    case 6:
      if (in_.one_in(4)) {  // around zero
        i32_const(in_.one_in(2) ? -1 - near(64) : span - near(32));
        return add_opaque_zero();
      }
      [[fallthrough]];
    default:
      if (loop.streams.empty()) return i32_const(span + 64);
      op(Op::local_get, in_.of(loop.streams).pointer);
      i32_const(near(41) - (in_.one_in(2) ? 20 : 0));
      op(Op::i32_add);
      if (in_.one_in(2)) add_opaque_zero();
      return;
  }
}

void Body::numeric_nest() {
  NumericLoop loop;
  loop.count = in_.of(kCounts);
  loop.rounds = in_.one_in(3) ? in_.between(2, 4) : 1;
  loop.counter = new_local(ValType::i32());
  for (const ValType type : {ValType::f32(), ValType::f64(), ValType::i32(), ValType::i64(), ValType::v128()}) {
    if (type.is_vec() && !shape_.options.vectors) continue;
    loop.types.push_back(type);
    loop.accumulators.push_back(new_local(type));
  }
  if (in_.one_in(2)) loop.only = in_.below(static_cast<uint32_t>(loop.types.size()));
  const bool down = in_.one_in(4);
  for (uint32_t n = in_.between(1, 4); n > 0; --n) {
    Stream stream{new_local(ValType::i32()), in_.of(kSteps), false};
    if (loop.only) stream.step = (down ? -1 : 1) * isa::info(kind_of(loop.types[*loop.only]).loads[0]).width;
    stream_base(loop, stream.step);
    op(Op::local_set, stream.pointer);
    // Base and counter instead of a pointer that runs.
    stream.indexed = in_.one_in(4) && stream.step > 0 && (stream.step & (stream.step - 1)) == 0;
    loop.streams.push_back(stream);
  }
  const uint32_t outer = new_local(ValType::i32());
  if (loop.rounds > 1) {
    i32_const(0);
    op(Op::local_set, outer);
    open_label({}, Op::loop, {}, {});
  }
  numeric_loop(loop);
  if (loop.rounds > 1) {
    op(Op::local_get, outer);
    i32_const(1);
    op(Op::i32_add);
    op(Op::local_tee, outer);
    i32_const(static_cast<int32_t>(loop.rounds));
    op(Op::i32_lt_u);
    op(Op::br_if, 0);
    close_label();
  }
  for (size_t i = 0; i < loop.types.size(); ++i) {
    i32_const(static_cast<int32_t>(in_.below(128)) * 4);
    op(Op::local_get, loop.accumulators[i]);
    op(kind_of(loop.types[i]).stores[0], 0);
    index(0);
  }
}

/// What the loop's test compares with, in locals.
void Body::numeric_limits(NumericLoop& loop) {
  const Stream& first = loop.streams[0];
  loop.form = in_.below(8);
  loop.constant = in_.one_in(3);
  loop.limit = new_local(ValType::i32());
  loop.wide = new_local(ValType::i64());
  loop.by_pointer = first.step != 0 && !first.indexed && (loop.form == 3 || loop.form == 4);
  // Beyond its own end a loop goes on until it traps: then something must run.
  const bool endless = first.step != 0 && !first.indexed && in_.one_in(loop.form == 3 ? 4 : 24);
  i32_const(0);
  op(Op::local_set, loop.counter);
  address_const(true, endless ? int64_t{1} << in_.between(30, 62) : std::max(1, loop.count));
  op(Op::local_set, loop.wide);
  if (loop.by_pointer) {
    op(Op::local_get, first.pointer);
    i32_const(loop.count * first.step + (endless ? 1 : 0));
    op(Op::i32_add);
    if (in_.one_in(2)) add_opaque_zero();
  } else {
    i32_const(endless && in_.one_in(2) ? -5 : std::max(1, loop.count));
    add_opaque_zero();
  }
  op(Op::local_set, loop.limit);
}

/// Whether the loop goes on.
void Body::numeric_test(const NumericLoop& loop) {
  if (loop.by_pointer) {
    const Stream& first = loop.streams[0];
    op(Op::local_get, first.pointer);
    op(Op::local_get, loop.limit);
    op(loop.form == 3 ? Op::i32_ne : first.step > 0 ? Op::i32_lt_u : Op::i32_gt_u);
  } else if (loop.form >= 6) {
    op(Op::local_get, loop.wide);
    address_const(true, -1);
    op(Op::i64_add);
    op(Op::local_tee, loop.wide);
    address_const(true, 0);
    op(Op::i64_ne);
  } else if (loop.form == 5) {
    op(Op::local_get, loop.limit);
    i32_const(1);
    op(Op::i32_sub);
    op(Op::local_tee, loop.limit);
  } else {
    op(Op::local_get, loop.counter);
    if (loop.constant) {
      i32_const(loop.count);
    } else {
      op(Op::local_get, loop.limit);
    }
    op(loop.form == 0 && !loop.constant ? Op::i32_ne : loop.form == 1 ? Op::i32_lt_s : Op::i32_lt_u);
  }
  if (!in_.one_in(12)) return;
  numeric_flag(loop, 127);  // another reason to end
  i32_const(0);
  op(Op::i32_ne);
  op(Op::i32_and);
}

void Body::numeric_loop(NumericLoop& loop) {
  numeric_limits(loop);
  open_label({}, Op::block, {}, {});
  open_label({}, Op::loop, {}, {});
  if (in_.one_in(8)) fuel_check();
  // An access in every round, so that it ends.
  if (loop.only) {
    numeric_address(loop, loop.streams[0]);
    numeric_access(loop, kind_of(loop.types[*loop.only]).loads[0]);
    op(Op::drop);
  } else {
    numeric_update(loop, numeric_type(loop), 0);
  }
  for (uint32_t n = in_.between(1, 4); n > 0; --n) numeric_statement(loop);
  for (const Stream& s : loop.streams) {
    if (s.indexed || s.step == 0) continue;
    op(Op::local_get, s.pointer);
    i32_const(s.step);
    op(Op::i32_add);
    op(Op::local_set, s.pointer);
  }
  op(Op::local_get, loop.counter);
  i32_const(1);
  op(Op::i32_add);
  op(Op::local_set, loop.counter);
  numeric_test(loop);
  op(Op::br_if, 0);
  close_label();
  close_label();
}

/// The address of an access of the stream, but for the offset that numeric_access() adds.
void Body::numeric_address(const NumericLoop& loop, const Stream& stream) {
  op(Op::local_get, stream.pointer);
  if (stream.indexed) {
    op(Op::local_get, loop.counter);
    i32_const(__builtin_ctz(static_cast<unsigned>(stream.step)));
    op(Op::i32_shl);
    op(Op::i32_add);
  }
  if (!loop.only && in_.one_in(4)) {
    i32_const(static_cast<int32_t>(in_.below(33)) - (in_.one_in(8) ? 16 : 0));
    op(Op::i32_add);
  }
}

void Body::numeric_access(const NumericLoop& loop, Op access) {
  op(access, 0);
  if (loop.only) return index(0);
  constexpr uint32_t kOffsets[] = {0, 0, 0, 4, 8, 16, 1, 32, 12, 64};
  index(in_.one_in(64) ? 65520 : in_.of(kOffsets));
}

void Body::numeric_value(const NumericLoop& loop, size_t type, uint32_t depth) {
  const Kind kind = kind_of(loop.types[type]);
  switch (in_.below(depth > 2 ? 3 : 8)) {
    case 0:
    case 1:
      numeric_address(loop, in_.of(loop.streams));
      return numeric_access(loop, loop.only ? kind.loads[0] : in_.of(kind.loads));
    case 2:
      if (in_.one_in(2)) return op(Op::local_get, loop.accumulators[type]);
      return append_const(out_, kind.type, in_);
    case 3: {
      numeric_value(loop, type, depth + 1);
      return number_op(in_.of(kind.unary));
    }
    default:
      numeric_value(loop, type, depth + 1);
      numeric_value(loop, type, depth + 1);
      return number_op(in_.of(kind.binary));
  }
}

size_t Body::numeric_type(const NumericLoop& loop) {
  return loop.only ? *loop.only : in_.below(static_cast<uint32_t>(loop.types.size()));
}

/// accumulator = accumulator op load
void Body::numeric_update(const NumericLoop& loop, size_t type, size_t stream) {
  const Kind kind = kind_of(loop.types[type]);
  op(Op::local_get, loop.accumulators[type]);
  numeric_address(loop, loop.streams[stream]);
  numeric_access(loop, loop.only ? kind.loads[0] : in_.of(kind.loads));
  number_op(in_.of(kind.binary));
  op(Op::local_set, loop.accumulators[type]);
}

void Body::numeric_store(const NumericLoop& loop) {
  const size_t type = numeric_type(loop);
  const Kind kind = kind_of(loop.types[type]);
  numeric_address(loop, in_.of(loop.streams));
  numeric_value(loop, type, loop.only ? 2 : 0);
  numeric_access(loop, loop.only ? kind.stores[0] : in_.of(kind.stores));
}

/// An i32 out of the loop's memory, seldom 0 in the bits of `mask`.
void Body::numeric_flag(const NumericLoop& loop, int32_t mask) {
  numeric_address(loop, in_.of(loop.streams));
  numeric_access(loop, Op::i32_load8_u);
  i32_const(mask);
  op(Op::i32_and);
}

void Body::numeric_statement(const NumericLoop& loop) {
  switch (in_.below(loop.only ? 21 : 24)) {
    case 20:
      numeric_flag(loop, 1);
      open_label({}, Op::if_, {}, {});
      numeric_store(loop);
      return close_label();
    case 21:  // out of the loop, or a trap in it
      numeric_flag(loop, 127);
      op(Op::i32_eqz);
      if (in_.one_in(2)) return op(Op::br_if, 1);
      open_label({}, Op::if_, {}, {});
      op(Op::unreachable);
      return close_label();
    case 22: {
      op(Op::local_get, loop.accumulators[2]);
      numeric_flag(loop, 127);
      op(Op::i32_div_u);
      return op(Op::local_set, loop.accumulators[2]);
    }
    case 23:
      if (in_.one_in(2)) {
        for (int i = 0; i < 2; ++i) op(Op::local_get, loop.accumulators[3]);
        op(Op::call, kMixFunc);
        return op(Op::local_set, loop.accumulators[3]);
      }
      i32_const(in_.one_in(4) ? 1 : 0);
      op(Op::memory_grow, 0);
      return op(Op::drop);
    case 16:
    case 17:
    case 18:
    case 19:
      return numeric_update(loop, numeric_type(loop), in_.below(static_cast<uint32_t>(loop.streams.size())));
    default:
      return numeric_store(loop);
  }
}

}  // namespace ashlar::fuzz
