// Rows of the opcode tables that compute, with their semantics as functions of slots, and operands full of edge values.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "binary/body_reader.h"
#include "isa/op_table.h"
#include "isa/semantics.h"
#include "runtime/traps.h"

namespace ashlar::isa::sem {
struct v128_load;
struct v128_store;
}  // namespace ashlar::isa::sem

namespace ashlar::optimizing::pure_rows {

using isa::ImmKind;
using isa::Op;
using isa::sem::V128;
using runtime::Trap;

/// A value of any type, in its low bytes; a v128 is all of it.
struct Slot {
  uint64_t lo = 0;
  uint64_t hi = 0;
  bool operator==(const Slot&) const = default;
};
using Slots = std::array<Slot, 4>;

template <class T>
T read(const Slot& slot) {
  T value;
  std::memcpy(&value, &slot, sizeof value);
  return value;
}
template <class T>
Slot written(T value) {
  Slot slot;
  std::memcpy(&slot, &value, sizeof value);
  return slot;
}

/// What sem::<op>::check and ::eval say.
struct Answer {
  Trap trap = Trap::none;
  std::array<Slot, 2> results{};
};

/// A row that computes, and its semantics.
struct Row {
  Op op;
  std::string operands;  ///< letters of op_table.h, and b h for raw integers of 8 and 16 bits
  std::string results;
  bool has_lane = false;
  std::function<Answer(const Slots&, const binary::Imm&)> eval;
};

template <class T>
std::string letter_of() {
  if constexpr (std::is_same_v<T, uint8_t>) return "b";
  if constexpr (std::is_same_v<T, uint16_t>) return "h";
  if constexpr (std::is_same_v<T, uint32_t>) return "i";
  if constexpr (std::is_same_v<T, uint64_t>) return "l";
  if constexpr (std::is_same_v<T, float>) return "f";
  if constexpr (std::is_same_v<T, double>) return "d";
  if constexpr (std::is_same_v<T, V128>) return "v";
  if constexpr (std::is_same_v<T, isa::sem::Wide>) return "ll";
}

template <class Sem, class Result, class... Operands>
Answer evaluate(Result (*eval)(Operands...), Operands... operands) {
  Answer answer;
  if constexpr (isa::sem::CanTrap<Sem>) {
    constexpr Trap kTraps[] = {Trap::none, Trap::integer_divide_by_zero, Trap::integer_overflow,
                               Trap::invalid_conversion_to_integer};
    answer.trap = kTraps[static_cast<size_t>(Sem::check(operands...))];
    if (answer.trap != Trap::none) return answer;
  }
  const Result result = eval(operands...);
  if constexpr (std::is_same_v<Result, isa::sem::Wide>)
    answer.results = {Slot{result.lo, 0}, Slot{result.hi, 0}};
  else
    answer.results[0] = written(result);
  return answer;
}

template <class Sem, class Result, class... Operands>
Row row_with(Op op, Result (*eval)(Operands...), bool has_lane) {
  Row row{op, {}, letter_of<Result>(), has_lane, {}};
  (row.operands.append(letter_of<Operands>()), ...);
  if (has_lane) row.operands.pop_back();
  row.eval = [eval, has_lane](Slots slots, const binary::Imm& imm) {
    if (has_lane) slots[sizeof...(Operands) - 1] = written(imm.lane);
    return [&]<size_t... i>(std::index_sequence<i...>) {
      return evaluate<Sem>(eval, read<Operands>(slots[i])...);
    }(std::index_sequence_for<Operands...>{});
  };
  return row;
}
template <class Sem>
Row row_with(Op op, V128 (*eval)(V128, V128, const uint8_t*), bool) {
  return {op, "vv", "v", false, [eval](const Slots& slots, const binary::Imm& imm) {
            return Answer{Trap::none, {written(eval(read<V128>(slots[0]), read<V128>(slots[1]), imm.bytes.data()))}};
          }};
}

template <class Sem>
void add_row(std::vector<Row>& rows, Op op) {
  const ImmKind imm = isa::info(op).imm;
  if constexpr (requires { Sem::eval; })
    rows.push_back(row_with<Sem>(op, &Sem::eval, imm == ImmKind::Lane || imm == ImmKind::MemArgLane));
}

#define ADD_None(id) add_row<isa::sem::id>(rows, Op::id);
#define ADD_Lane(id) ADD_None(id)
#define ADD_Shuffle(id) ADD_None(id)
#define ADD_MemArg(id) ADD_None(id)
#define ADD_MemArgLane(id) ADD_None(id)
#define ADD_I32(id)
#define ADD_I64(id)
#define ADD_F32(id)
#define ADD_F64(id)
#define ADD_V128(id)

inline std::vector<Row> all_rows() {
  std::vector<Row> rows;
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) ADD_##imm(id)
#include "isa/ops/numeric.def"
#include "isa/ops/relaxed_simd.def"
#include "isa/ops/simd.def"
#undef OP
  return rows;
}

inline std::vector<uint32_t> edges32() {
  std::vector<uint32_t> edges = {0,          1,          2,          31,         32,         33,         0x7f,
                                 0x80,       0xff,       0x7fff,     0x8000,     0xffff,     0x7fffffff, 0x80000000,
                                 0x80000001, 0xffffffff, 0xfffffffe, 0x5a5a5a5a, 0x7fa00000, 0xffa00001, 0x7fc00000};
  for (float f : {0.0f,
                  -0.0f,
                  1.0f,
                  -1.0f,
                  0.5f,
                  -0.5f,
                  1.5f,
                  2.5f,
                  -2.5f,
                  0.99999994f,
                  -0.99999994f,
                  127.5f,
                  16777217.0f,
                  2147483520.0f,
                  2147483648.0f,
                  -2147483648.0f,
                  -2147483904.0f,
                  4294967040.0f,
                  4294967296.0f,
                  9223371487098961920.0f,
                  9223372036854775808.0f,
                  -9223372036854775808.0f,
                  -9223373136366403584.0f,
                  18446744073709551616.0f,
                  3.4028235e38f,
                  1e-40f,
                  HUGE_VALF,
                  -HUGE_VALF})
    edges.push_back(std::bit_cast<uint32_t>(f));
  return edges;
}
inline std::vector<uint64_t> edges64() {
  std::vector<uint64_t> edges = {0,
                                 1,
                                 2,
                                 63,
                                 64,
                                 65,
                                 0x7fffffffffffffff,
                                 0x8000000000000000,
                                 0x8000000000000001,
                                 0xffffffffffffffff,
                                 0xfffffffffffffffe,
                                 0xffffffff,
                                 0x100000000,
                                 0x7ff4000000000000,
                                 0xfff4000000000001,
                                 0x7ff8000000000000,
                                 0x20000020000001,
                                 0x7fffffbfffffffff};
  for (double f : {0.0,
                   -0.0,
                   1.0,
                   -1.0,
                   0.5,
                   -0.5,
                   1.5,
                   2.5,
                   -2.5,
                   -0.9999999999999999,
                   2147483647.0,
                   2147483647.9999998,
                   2147483648.0,
                   -2147483648.0,
                   -2147483648.9999995,
                   -2147483649.0,
                   4294967295.0,
                   4294967295.9999995,
                   4294967296.0,
                   9223372036854774784.0,
                   9223372036854775808.0,
                   -9223372036854775808.0,
                   -9223372036854777856.0,
                   18446744073709549568.0,
                   18446744073709551616.0,
                   3.4028235677973366e38,
                   1e300,
                   1e-310,
                   HUGE_VAL,
                   -HUGE_VAL})
    edges.push_back(std::bit_cast<uint64_t>(f));
  return edges;
}

/// Operand number `i` of `letter`: edges first, each with each in the end, and random bits.
class Operands {
 public:
  Slot next(char letter) {
    const bool random = random_() % 4 == 0;
    switch (letter) {
      case 'b':
        return {random_() & 0xff, 0};
      case 'h':
        return {random_() & 0xffff, 0};
      case 'i':
      case 'f':
        return {random ? random_() & 0xffffffff : pick(edges32_), 0};
      case 'v':
        return next_vector();
      default:
        return {random ? random_() : pick(edges64_), 0};
    }
  }

 private:
  template <class T>
  T pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  Slot next_vector() {
    switch (random_() % 4) {
      case 0:
        return {random_(), random_()};
      case 1:
        return {pick(edges64_), pick(edges64_)};
      case 2:
        return {quads(), quads()};
      default: {
        const uint64_t bytes[] = {0,
                                  0x7f80ff0100817e55,
                                  0x8080808080808080,
                                  0x7fff800080017ffe,
                                  0xffffffffffffffff,
                                  0x8000800080008000,
                                  0x7fff7fff7fff7fff,
                                  0x0f10111e1f00017f};
        return {bytes[random_() % 8], bytes[random_() % 8]};
      }
    }
  }
  uint64_t quads() { return pick(edges32_) | uint64_t{pick(edges32_)} << 32; }

  std::mt19937_64 random_{1};
  const std::vector<uint32_t> edges32_ = edges32();
  const std::vector<uint64_t> edges64_ = edges64();
};

}  // namespace ashlar::optimizing::pure_rows
