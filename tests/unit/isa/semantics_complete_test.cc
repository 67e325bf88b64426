// Checks that every computing row of the opcode tables has semantics whose C++ signature is the row's signature.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <gtest/gtest.h>

#include "isa/semantics.h"

namespace ashlar::isa {
namespace {

// A short string for use in constant expressions.
struct Letters {
  char text[16] = {};
  size_t size = 0;
  constexpr void add(std::string_view more) {
    for (char letter : more) text[size++] = letter;
  }
  constexpr std::string_view view() const { return {text, size}; }
};

template <class T>
consteval std::string_view letter() {
  if constexpr (std::is_same_v<T, uint32_t>)
    return "i";
  else if constexpr (std::is_same_v<T, uint64_t>)
    return "l";
  else if constexpr (std::is_same_v<T, float>)
    return "f";
  else if constexpr (std::is_same_v<T, double>)
    return "d";
  else if constexpr (std::is_same_v<T, sem::V128>)
    return "v";
  else if constexpr (std::is_same_v<T, sem::Wide>)
    return "ll";
  else if constexpr (std::is_same_v<T, uint8_t> || std::is_same_v<T, const uint8_t*>)
    return "#";  // an immediate
  else
    return "?";
}

template <class Result, class... Operands>
consteval Letters signature_of(Result (*)(Operands...)) {
  Letters letters;
  (letters.add(letter<Operands>()), ...);
  letters.add(">");
  letters.add(letter<Result>());
  return letters;
}

consteval bool matches(Letters actual, std::string_view row, bool has_immediate) {
  const size_t arrow = row.find('>');
  Letters expected;
  expected.add(row.substr(0, arrow));
  if (has_immediate) expected.add("#");
  expected.add(row.substr(arrow));
  return actual.view() == expected.view();
}

// `check` takes the operands of `eval`.
template <class Op, class Result, class... Operands>
consteval bool check_agrees(Result (*)(Operands...)) {
  if constexpr (sem::CanTrap<Op>)
    return std::is_same_v<decltype(&Op::check), sem::NumTrap (*)(Operands...)>;
  else
    return true;
}

template <class Op>
consteval bool row_holds(std::string_view row, bool has_immediate) {
  return matches(signature_of(&Op::eval), row, has_immediate) && check_agrees<Op>(&Op::eval);
}

// One check for each immediate kind; constants and memory accesses have no semantics of this form.
#define CHECK_None(id, signature) static_assert(row_holds<sem::id>(signature, false), #id);
#define CHECK_Lane(id, signature) static_assert(row_holds<sem::id>(signature, true), #id);
#define CHECK_Shuffle(id, signature) static_assert(row_holds<sem::id>(signature, true), #id);
#define CHECK_I32(id, signature)
#define CHECK_I64(id, signature)
#define CHECK_F32(id, signature)
#define CHECK_F64(id, signature)
#define CHECK_V128(id, signature)
#define CHECK_MemArg(id, signature)
#define CHECK_MemArgLane(id, signature)
#define OP(id, prefix, code, mnemonic, imm, signature, feature, width) CHECK_##imm(id, signature)
#include "isa/ops/numeric.def"
#include "isa/ops/relaxed_simd.def"
#include "isa/ops/simd.def"
#undef OP

#define TRAPS_None(id) +sem::CanTrap<sem::id>
#define TRAPS_I32(id)
#define TRAPS_I64(id)
#define TRAPS_F32(id)
#define TRAPS_F64(id)
#define OP(id, prefix, code, mnemonic, imm, signature, feature, width) TRAPS_##imm(id)
constexpr int kTrapping = 0
#include "isa/ops/numeric.def"
    ;
#undef OP

TEST(SemanticsComplete, EightDivisionsAndEightTruncationsTrap) { EXPECT_EQ(kTrapping, 16); }

TEST(SemanticsComplete, VectorMemoryInstructionsTakeTheRawInteger) {
  EXPECT_TRUE(row_holds<sem::v128_load8x8_s>("l>v", false));
  EXPECT_TRUE(row_holds<sem::v128_load32x2_u>("l>v", false));
  EXPECT_TRUE(row_holds<sem::v128_load32_splat>("i>v", false));
  EXPECT_TRUE(row_holds<sem::v128_load64_splat>("l>v", false));
  EXPECT_TRUE(row_holds<sem::v128_load32_zero>("i>v", false));
  EXPECT_TRUE(row_holds<sem::v128_load64_zero>("l>v", false));
  EXPECT_TRUE(row_holds<sem::v128_load32_lane>("vi>v", true));
  EXPECT_TRUE(row_holds<sem::v128_store64_lane>("v>l", true));
}

}  // namespace
}  // namespace ashlar::isa
