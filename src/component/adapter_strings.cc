// Strings in adapters: the usual ones are moved by generated code, others by the host, which goes on where that ended.
#include "component/adapter_strings.h"

#include <algorithm>

#include "component/adapter_builder.h"
#include "component/canon.h"

namespace ashlar::component {

namespace {

using enum FlatType;
using isa::Op;

/// Of a vector, and of the units that one step takes.
constexpr uint32_t kVectorBytes = 16;
constexpr uint32_t kUnrolled = 4;

/// How a UnitsCopy lies in memory and what is not simple.
struct UnitsForm {
  uint32_t from_size, to_size;  ///< bytes of a unit
  uint32_t step;                ///< units at a time
  uint32_t mask;                ///< bits of 16 that are not simple
};

UnitsForm form_of(UnitsCopy copy) {
  switch (copy) {
    case UnitsCopy::Bytes:
      return {1, 1, 16, 0x8080};
    case UnitsCopy::Words:
      return {2, 2, 8, 0};
    case UnitsCopy::Widened:
      return {1, 2, 16, 0x8080};
    case UnitsCopy::NarrowedAscii:
      return {2, 1, 16, 0xff80};
    case UnitsCopy::NarrowedLatin:
      break;
  }
  return {2, 1, 16, 0xff00};
}

/// Writes one function: parameters dst, src, units.
class UnitsCopyWriter {
 public:
  UnitsCopyWriter(UnitsCopy copy, uint32_t to, uint32_t from)
      : copy_(copy), form_(form_of(copy)), to_(to), from_(from), code_({I32, I32, I32}) {
    seen_ = code_.vector();
    value_ = code_.vector();
    one_ = code_.local(I32);
    one_seen_ = code_.local(I32);
    end_ = code_.local(I32);
  }

  std::vector<uint8_t> write() {
    code_.get(kUnits);
    code_.i32(form_.step);
    code_.op(Op::i32_lt_u);
    code_.if_();
    one_by_one();
    code_.end();
    // Where the last step begins, which may overlap with the one before.
    code_.get(kSrc);
    code_.get(kUnits);
    code_.i32(form_.step);
    code_.op(Op::i32_sub);
    scaled(form_.from_size);
    code_.op(Op::i32_add);
    code_.set(end_);
    steps(kUnrolled);
    steps(1);
    last_step();
    return code_.finish();
  }

 private:
  static constexpr uint32_t kDst = 0, kSrc = 1, kUnits = 2;

  /// The i32 on the stack times a unit's bytes.
  void scaled(uint32_t size) {
    if (size == 1) return;
    code_.i32(1);
    code_.op(Op::i32_shl);
  }
  void advance(uint32_t pointer, uint32_t bytes) {
    code_.get(pointer);
    code_.i32(bytes);
    code_.op(Op::i32_add);
    code_.set(pointer);
  }

  /// Fewer than a step, and returns.
  void one_by_one() {
    code_.block();
    code_.get(kUnits);
    code_.op(Op::i32_eqz);
    code_.br_if(0);
    code_.loop();
    code_.get(kDst);
    code_.get(kSrc);
    code_.access(form_.from_size == 1 ? Op::i32_load8_u : Op::i32_load16_u, from_, 0);
    code_.tee(one_);
    code_.access(form_.to_size == 1 ? Op::i32_store8 : Op::i32_store16, to_, 0);
    code_.get(one_seen_);
    code_.get(one_);
    if (copy_ == UnitsCopy::Words) {
      is_surrogate();
    }
    code_.op(Op::i32_or);
    code_.set(one_seen_);
    advance(kDst, form_.to_size);
    advance(kSrc, form_.from_size);
    code_.get(kUnits);
    code_.i32(1);
    code_.op(Op::i32_sub);
    code_.tee(kUnits);
    code_.br_if(0);
    code_.end();
    code_.end();
    code_.get(one_seen_);
    if (form_.mask != 0) {
      code_.i32(form_.mask);
      code_.op(Op::i32_and);
    }
    code_.op(Op::return_);
  }

  /// From the unit on the stack.
  void is_surrogate() {
    code_.i32(0xf800);
    code_.op(Op::i32_and);
    code_.i32(0xd800);
    code_.op(Op::i32_eq);
  }

  /// So many at a time; single ones until the last step has the rest, of which it may do some again.
  void steps(uint32_t count) {
    const uint32_t bytes = count * form_.step * form_.from_size;
    const auto fits = [&] {
      code_.get(end_);
      code_.get(kSrc);
      code_.op(Op::i32_sub);
      code_.i32(count == 1 ? 1 : bytes);
      code_.op(Op::i32_ge_s);
    };
    code_.block();
    fits();
    code_.op(Op::i32_eqz);
    code_.br_if(0);
    code_.loop();
    for (uint32_t i = 0; i < count; ++i) step(i * form_.step);
    advance(kDst, count * form_.step * form_.to_size);
    advance(kSrc, bytes);
    fits();
    code_.br_if(0);
    code_.end();
    code_.end();
  }

  void last_step() {
    code_.get(kDst);
    code_.get(end_);
    code_.get(kSrc);
    code_.op(Op::i32_sub);
    if (form_.from_size == 2) {
      code_.i32(1);
      code_.op(Op::i32_shr_s);
    }
    scaled(form_.to_size);
    code_.op(Op::i32_add);
    code_.set(kDst);
    code_.get(end_);
    code_.set(kSrc);
    step(0);
    code_.get(seen_);
    if (form_.mask != 0) {
      code_.i32(form_.mask);
      code_.op(Op::i16x8_splat);
      code_.op(Op::v128_and);
    }
    code_.op(Op::v128_any_true);
  }

  void load(uint32_t offset) {
    code_.get(kSrc);
    code_.access(Op::v128_load, from_, offset);
  }
  /// What was loaded, among what was seen.
  void note() {
    code_.get(seen_);
    code_.op(Op::v128_or);
    code_.set(seen_);
  }

  void step(uint32_t unit) {
    const uint32_t from = unit * form_.from_size, to = unit * form_.to_size;
    switch (copy_) {
      case UnitsCopy::Bytes:
      case UnitsCopy::Words:
        code_.get(kDst);
        load(from);
        code_.tee(value_);
        code_.access(Op::v128_store, to_, to);
        code_.get(value_);
        if (copy_ == UnitsCopy::Words) {
          code_.i32(0xf800);
          code_.op(Op::i16x8_splat);
          code_.op(Op::v128_and);
          code_.i32(0xd800);
          code_.op(Op::i16x8_splat);
          code_.op(Op::i16x8_eq);
        }
        return note();
      case UnitsCopy::Widened:
        load(from);
        code_.set(value_);
        for (uint32_t half = 0; half < 2; ++half) {
          code_.get(kDst);
          code_.get(value_);
          code_.op(half == 0 ? Op::i16x8_extend_low_i8x16_u : Op::i16x8_extend_high_i8x16_u);
          code_.access(Op::v128_store, to_, to + half * kVectorBytes);
        }
        code_.get(value_);
        return note();
      case UnitsCopy::NarrowedAscii:
      case UnitsCopy::NarrowedLatin:
        code_.get(kDst);
        for (uint32_t half = 0; half < 2; ++half) {
          load(from + half * kVectorBytes);
          code_.tee(value_);
          code_.get(value_);
          note();
        }
        code_.op(Op::i8x16_narrow_i16x8_u);
        code_.access(Op::v128_store, to_, to);
        return;
    }
  }

  UnitsCopy copy_;
  UnitsForm form_;
  uint32_t to_, from_;
  CodeWriter code_;
  uint32_t seen_, value_, one_, one_seen_, end_;
};

/// How strings of one encoding become another's, when all of their units are simple.
struct StringMove {
  UnitsCopy copy;
  bool always = false;  ///< what is not simple is right, too
};

/// latin1+utf16 counts as Latin-1: it says when it is not.
StringMove move_of(StringEncoding from, StringEncoding to) {
  const bool latin = from == StringEncoding::Latin1Utf16;
  if (from == StringEncoding::Utf16) {
    if (to == StringEncoding::Utf16) return {UnitsCopy::Words};
    return {to == StringEncoding::Utf8 ? UnitsCopy::NarrowedAscii : UnitsCopy::NarrowedLatin};
  }
  if (to == StringEncoding::Utf16) return {UnitsCopy::Widened, latin};
  return {UnitsCopy::Bytes, latin && to == StringEncoding::Latin1Utf16};
}

}  // namespace

std::vector<uint8_t> units_copy_body(UnitsCopy copy, uint32_t to_memory, uint32_t from_memory) {
  return UnitsCopyWriter(copy, to_memory, from_memory).write();
}

uint32_t UnitsCopies::find(UnitsCopy copy, uint32_t to_memory, uint32_t from_memory) {
  const Key key{copy, to_memory, from_memory};
  auto found = std::ranges::find(keys_, key);
  if (found == keys_.end()) found = keys_.insert(keys_.end(), key);
  return static_cast<uint32_t>(found - keys_.begin());
}

void UnitsCopies::define(ModuleWriter& writer) const {
  for (const Key& key : keys_) {
    writer.declare_inner(writer.type({I32, I32, I32}, {I32}));
    writer.define(units_copy_body(key.copy, key.to, key.from));
  }
}

/// Memory for the string and its units in it. Leaves the block around it (label 0) where the host has to do it: with
/// `room` where memory was asked for already. Else `pointer` is the new one, and units are as many as before.
void AdapterBuilder::move_string(uint32_t pointer, uint32_t length, uint32_t room) {
  const StringMove move = move_of(from_.options->encoding, to_.options->encoding);
  const UnitsForm form = form_of(move.copy);
  // Longer ones, those with the tag of UTF-16 and what is wrong are left to the host, which has the words for it.
  code_.get(length);
  code_.i32(static_cast<uint32_t>(kMaxStringBytes / 2));
  code_.op(Op::i32_gt_u);
  code_.br_if(0);
  if (from_.options->encoding != StringEncoding::Utf8) {
    code_.get(pointer);
    code_.i32(1);
    code_.op(Op::i32_and);
    code_.br_if(0);
  }
  scaled_length(length, form.from_size);
  code_.op(Op::i64_extend_i32_u);
  is_out_of_bounds(pointer, from_.memory);
  code_.br_if(0);
  const uint32_t size = code_.local(I32);
  scaled_length(length, form.to_size);
  code_.set(size);
  const uint32_t address = allocate(size, to_.options->encoding == StringEncoding::Utf8 ? 1 : 2);
  code_.get(address);
  code_.op(Op::i64_extend_i32_u);
  code_.set(room);
  code_.get(address);
  code_.get(pointer);
  if (move.copy == UnitsCopy::Bytes && move.always) {
    code_.get(size);
    code_.memory_copy(to_.memory, from_.memory);
  } else {
    code_.get(length);
    code_.call(imports_.units_copy(move.copy, to_.memory, from_.memory));
    if (move.always) {
      code_.op(Op::drop);
    } else {
      code_.br_if(0);
    }
  }
  code_.get(address);
  code_.set(pointer);
  code_.release(size);
  code_.release(address);
}

void AdapterBuilder::scaled_length(uint32_t length, uint32_t unit) {
  code_.get(length);
  if (unit == 1) return;
  code_.i32(1);
  code_.op(Op::i32_shl);
}

void AdapterBuilder::copy_string(Place src, Place dst) {
  const uint32_t pointer = code_.local(I32), length = code_.local(I32);
  const uint32_t room = code_.local(I64), both = code_.local(I64);
  load_pair(src, pointer, length);
  code_.i64(kNoRoom);
  code_.set(room);
  code_.block();
  code_.block();
  if (features_.simd) {
    move_string(pointer, length, room);
    code_.br(1);
  }
  code_.end();
  code_.get(pointer);
  code_.get(length);
  code_.get(room);
  code_.call(imports_.string({.from_encoding = from_.options->encoding,
                              .to_encoding = to_.options->encoding,
                              .from_memory = from_.options->memory.value_or(CoreRef{}),
                              .to_memory = to_.options->memory.value_or(CoreRef{}),
                              .to_realloc = to_.options->realloc.value_or(CoreRef{}),
                              .to = to_.instance}));
  code_.tee(both);
  code_.op(Op::i32_wrap_i64);
  code_.set(pointer);
  code_.get(both);
  code_.i64(32);
  code_.op(Op::i64_shr_u);
  code_.op(Op::i32_wrap_i64);
  code_.set(length);
  code_.end();
  store_pair(dst, pointer, length);
  for (uint32_t l : {pointer, length, room, both}) code_.release(l);
}

}  // namespace ashlar::component
