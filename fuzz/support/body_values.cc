// Generated values: constants, variables and the instructions of the table; see body.h.
#include <algorithm>
#include <array>

#include "base/leb128.h"
#include "support/body.h"

namespace ashlar::fuzz {

using isa::Feature;
using isa::ImmKind;
using isa::Op;
using isa::OpInfo;

namespace {

char letter_of(ValType type) {
  if (type.is_bot()) return ' ';
  constexpr char kLetters[] = {'i', 'l', 'f', 'd', 'v'};
  return kLetters[static_cast<size_t>(type.kind())];
}

bool is_allowed(const OpInfo& row, const GenerateOptions& options) {
  switch (row.feature) {
    case Feature::simd:
      return options.vectors;
    case Feature::relaxed_simd:
      return options.vectors && options.relaxed;
    case Feature::threads:
      return options.atomics;
    case Feature::wide_arithmetic:
      return options.wide;
    default:
      return true;
  }
}

/// Instructions with listed operands by their first result's letter; those without result under ' '.
std::vector<Op> ops_for(char letter, const GenerateOptions& options) {
  std::vector<Op> out;
  for (size_t i = 0; i < isa::kOpCount; ++i) {
    const OpInfo& row = isa::kOpTable[i];
    if (row.special || !is_allowed(row, options)) continue;
    // Constants are leaves; size and grow have productions of their own.
    if (row.operands_n == 0 && row.results_n != 0) continue;
    if (row.imm == ImmKind::Mem && row.results_n != 0) continue;
    if ((row.results_n == 0 ? ' ' : row.result(0)) == letter) out.push_back(static_cast<Op>(i));
  }
  return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool is_division(const OpInfo& row) {
  return row.imm == ImmKind::None && (contains(row.mnemonic, ".div_") || contains(row.mnemonic, ".rem_"));
}

/// Whether results may hold NaNs whose bits the specification leaves open.
bool makes_nans(const OpInfo& row) {
  if (row.has_mem_arg() || row.results_n != 1) return false;
  if (contains(row.mnemonic, "reinterpret") || contains(row.mnemonic, "lane")) return false;
  const char result = row.result(0);
  if (result == 'f' || result == 'd') return true;
  return result == 'v' && (row.mnemonic.starts_with("f32x4.") || row.mnemonic.starts_with("f64x2."));
}

}  // namespace

void Body::values(const Types& types) {
  for (ValType type : types) value(type);
}

void Body::value(ValType type) {
  if (exhausted()) return leaf(type);
  ++spent_;
  const Nest nest(depth_);
  const uint32_t choice = in_.below(20);
  if (choice < 4) return leaf(type);
  if (common_value(type, choice)) return;
  if (type.is_ref()) return reference(type);
  table_op(type);
}

/// Productions that any type has; false when the choice is none of them or does not apply.
bool Body::common_value(ValType type, uint32_t choice) {
  switch (choice) {
    case 4: {
      const uint32_t local = type.is_defaultable() ? local_to_set(type) : module::kNoIndex;
      if (local == module::kNoIndex || locals_[local] != type) return false;
      value(type);
      op(Op::local_tee, local);
      return true;
    }
    case 5:
      block_value(type);
      return true;
    case 6:
      select(type);
      return true;
    case 7:
      return call_value(type);
    case 8:
      if (!shape_.options.exceptions) return false;
      try_value(type);
      return true;
    case 9:
      if (!shape_.options.legacy_exceptions) return false;
      legacy_try_value(type);
      return true;
    case 10:
      return shape_.options.gc && field_value(type);
    case 11:
      if (!in_.one_in(6)) return false;
      leave();
      return true;
    default:
      return false;
  }
}

void Body::leaf(ValType type) {
  const uint32_t choice = in_.below(3);
  const uint32_t local = choice >= 1 ? local_to_get(type) : module::kNoIndex;
  if (local != module::kNoIndex) return op(Op::local_get, local);
  const uint32_t global = choice == 2 ? global_to_get(type) : module::kNoIndex;
  if (global != module::kNoIndex) return op(Op::global_get, global);
  if (type.is_ref()) return reference_leaf(type);
  append_const(out_, type, in_);
}

void Body::masked(int32_t mask) {
  if (in_.one_in(2)) return i32_const(static_cast<int32_t>(in_.byte()) & mask);
  value(ValType::i32());
  i32_const(mask);
  op(Op::i32_and);
}

void Body::select(ValType type) {
  value(type);
  value(type);
  value(ValType::i32());
  if (!type.is_ref() && !in_.one_in(4)) return op(Op::select);
  op(Op::select_t, 1);
  append_type(out_, type);
}

/// An instruction of the table with that result; of those without result for Bot.
void Body::table_op(ValType type) {
  const char letter = letter_of(type);
  if ((letter == 'i' || letter == 'l') && in_.one_in(24)) return size_or_grow(type);
  if (letter == 'i' && shape_.options.references && in_.one_in(8)) return reference_fact();
  // One list a letter and option set; options rarely change within a process.
  struct Cache {
    std::vector<Op> ops;
    uint32_t key = ~0u;
  };
  static std::array<Cache, 128> caches;
  Cache& cache = caches[static_cast<size_t>(letter)];
  const GenerateOptions& o = shape_.options;
  const uint32_t key = static_cast<uint32_t>(o.vectors | o.relaxed << 1 | o.atomics << 2 | o.wide << 3);
  if (cache.key != key) cache = {ops_for(letter, o), key};
  instruction(in_.of(cache.ops));
}

/// Any instruction with a listed signature and at most two results, of which one stays.
void Body::instruction(Op chosen) {
  const OpInfo& row = isa::info(chosen);
  // Most of what traps on most operands is left out, so that functions get somewhere.
  const bool traps = (contains(row.mnemonic, "trunc_f") && row.prefix == 0) || contains(row.mnemonic, "atomic.wait");
  if (traps && !in_.one_in(8)) {
    if (row.results_n != 0) leaf(isa::sig_type(row.result(0)));
    return;
  }
  const uint32_t memory = in_.below(static_cast<uint32_t>(shape_.memories.size()));
  const uint32_t table = in_.below(static_cast<uint32_t>(shape_.tables.size()));
  if (row.imm == ImmKind::TableInit || row.imm == ImmKind::MemInit) {
    return row.imm == ImmKind::MemInit ? memory_statement() : table_statement();
  }
  if (row.imm == ImmKind::Elem && shape_.elems.empty()) return op(Op::nop);
  operands(chosen, memory, table);
  if (is_division(row) && !in_.one_in(16)) {
    const bool wide = row.result(0) == 'l';
    address_const(wide, 1);
    op(wide ? Op::i64_or : Op::i32_or);
  }
  op(chosen);
  immediate(chosen, memory, table);
  if (shape_.options.canonical_nans && makes_nans(row)) canonical_nan(chosen);
  if (row.results_n == 2) keep({isa::sig_type(row.result(0)), isa::sig_type(row.result(1))}, in_.below(2));
}

void Body::operands(Op chosen, uint32_t memory, uint32_t table) {
  const OpInfo& row = isa::info(chosen);
  const bool is64 = shape_.memories[memory].is64;
  for (size_t i = 0; i < row.operand_count(); ++i) {
    const char letter = row.operand(i);
    if (letter != 'a') {
      value(isa::sig_type(letter, {}, shape_.tables[table].is64 ? ValType::i64() : ValType::i32()));
    } else if (i == 0) {
      address(memory, row.width, row.feature == Feature::threads && !in_.one_in(16));
    } else {  // the length of memory.fill
      address_const(is64, in_.byte());
    }
  }
}

void Body::address(uint32_t memory, uint32_t width, bool aligned) {
  const bool is64 = shape_.memories[memory].is64;
  if (in_.one_in(3)) return address_const(is64, static_cast<int64_t>(in_.bytes(1)) * (aligned ? width : 1));
  value(is64 ? ValType::i64() : ValType::i32());
  if (in_.one_in(12)) return;
  // Half of what is left reaches around the end of the smallest memory.
  const int64_t mask = in_.one_in(4) ? 0x1ffff : 0xfff;
  address_const(is64, aligned ? mask & ~int64_t{static_cast<int32_t>(width) - 1} : mask);
  op(is64 ? Op::i64_and : Op::i32_and);
}

void Body::immediate(Op chosen, uint32_t memory, uint32_t table) {
  const OpInfo& row = isa::info(chosen);
  switch (row.imm) {
    case ImmKind::MemArg:
    case ImmKind::MemArgLane: {
      const bool atomic = row.feature == Feature::threads;
      const uint32_t natural = static_cast<uint32_t>(__builtin_ctz(row.width));
      const uint32_t align = atomic ? natural : natural - in_.below(natural + 1);
      index(align | (memory != 0 ? 0x40u : 0u));
      if (memory != 0) index(memory);
      uint64_t offset = in_.one_in(4) ? in_.bytes(1) : 0;
      if (in_.one_in(24)) offset = in_.bytes(shape_.memories[memory].is64 ? 5 : 4);
      index(atomic ? offset / row.width * row.width : offset);
      if (row.imm == ImmKind::MemArgLane) out_.push_back(static_cast<uint8_t>(in_.below(row.lane_count())));
      return;
    }
    case ImmKind::Lane:
      return out_.push_back(static_cast<uint8_t>(in_.below(row.lane_count())));
    case ImmKind::Shuffle:
      for (int i = 0; i < 16; ++i) out_.push_back(static_cast<uint8_t>(in_.below(row.lane_count())));
      return;
    case ImmKind::Fence:
      return out_.push_back(0);
    case ImmKind::Mem:
      return index(memory);
    case ImmKind::Table:
      return index(table);
    case ImmKind::Data:
      return index(in_.below(static_cast<uint32_t>(shape_.datas.size())));
    case ImmKind::Elem:
      return index(in_.below(static_cast<uint32_t>(shape_.elems.size())) + 2);
    default:
      return;
  }
}

/// Replaces NaNs of the value on the stack by the canonical one, in the local that holds it meanwhile, too: later code
/// may read that.
void Body::canonical_nan(Op chosen) {
  const OpInfo& row = isa::info(chosen);
  const ValType type = isa::sig_type(row.result(0));
  const uint32_t local = new_local(type);
  const auto push_nan = [&](bool wide) {
    const uint64_t bits = wide ? 0x7ff8000000000000u : 0x7fc00000u;
    for (int i = 0; i < (wide ? 8 : 4); ++i) out_.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  };
  op(Op::local_set, local);
  op(Op::local_get, local);
  if (type.is_vec()) {
    const bool wide = row.mnemonic.starts_with("f64x2.");
    op(Op::v128_const);
    for (int i = 0; i < (wide ? 2 : 4); ++i) push_nan(wide);
    op(Op::local_get, local);
    op(Op::local_get, local);
    op(wide ? Op::f64x2_eq : Op::f32x4_eq);
    op(Op::v128_bitselect);
  } else {
    const bool wide = type == ValType::f64();
    op(wide ? Op::f64_const : Op::f32_const);
    push_nan(wide);
    op(Op::local_get, local);
    op(Op::local_get, local);
    op(wide ? Op::f64_eq : Op::f32_eq);
    op(Op::select);
  }
  op(Op::local_tee, local);
}

void Body::number_op(Op chosen) {
  op(chosen);
  if (shape_.options.canonical_nans && makes_nans(isa::info(chosen))) canonical_nan(chosen);
}

void Body::size_or_grow(ValType type) {
  const bool is64 = type == ValType::i64();
  const bool of_table = in_.one_in(2);
  const auto fits = [&](const auto& list) {
    const uint32_t at = in_.below(static_cast<uint32_t>(list.size()));
    return list[at].is64 == is64 ? at : module::kNoIndex;
  };
  const uint32_t at = of_table ? fits(shape_.tables) : fits(shape_.memories);
  if (at == module::kNoIndex) return leaf(type);
  if (in_.one_in(2)) return op(of_table ? Op::table_size : Op::memory_size, at);
  if (of_table) value(shape_.tables[at].elem);
  if (in_.one_in(4)) {
    value(type);
  } else {
    address_const(is64, in_.below(3));
  }
  op(of_table ? Op::table_grow : Op::memory_grow, at);
}

/// An i32 that tells something of a reference.
void Body::reference_fact() {
  const bool gc = shape_.options.gc;
  switch (in_.below(gc ? 5 : 1)) {
    case 1:
      value(ValType::eqref());
      value(ValType::eqref());
      return op(Op::ref_eq);
    case 2: {
      const ValType target = shape_.default_type(in_);
      value(ValType::anyref());
      op(in_.one_in(2) ? Op::ref_test_null : Op::ref_test);
      const bool fits = target.is_ref() && shape_.matches(target, ValType::anyref());
      return append_heap(out_, fits ? target.heap() : HeapType(AbsHeap::Eq));
    }
    case 3:
      value(in_.one_in(4) ? ValType::i31ref() : ValType::ref(AbsHeap::I31));
      return op(in_.one_in(2) ? Op::i31_get_u : Op::i31_get_s);
    case 4:
      if (!shape_.has_non_null(AbsHeap::Array)) break;
      value(ValType::ref(AbsHeap::Array));
      return op(Op::array_len);
    default:
      break;
  }
  ValType type = shape_.default_type(in_);
  if (!type.is_ref()) type = ValType::funcref();
  value(type);
  op(Op::ref_is_null);
}

}  // namespace ashlar::fuzz
