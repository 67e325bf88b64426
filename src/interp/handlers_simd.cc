// Handlers of the vector instructions that compute (loads and stores are in handlers_memory.cc).
#include "interp/numeric_tables.h"

namespace ashlar::interp {
namespace {
struct SimdFamily {
  static constexpr bool has(Op op) { return is_vector_op(op); }
};

template <Op op>
constexpr bool is_ternary() {
  return is_vector_op(op) && isa::info(op).sig == "vvv>v";
}
template <Op op>
constexpr std::array<Handler, 4> ternary_table() {
  if constexpr (is_ternary<op>()) {
    return {&linear<Tern<op, FDst::X, FSrc::X>>, &linear<Tern<op, FDst::X, FSrc::S>>,
            &linear<Tern<op, FDst::XS, FSrc::X>>, &linear<Tern<op, FDst::XS, FSrc::S>>};
  } else {
    return {};
  }
}
template <Op op>
inline constexpr std::array<Handler, 4> kTernary = ternary_table<op>();
constexpr std::array<const Handler*, isa::kOpCount> kTernaryTables = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) \
  is_ternary<Op::id>() ? kTernary<Op::id>.data() : nullptr,
#include "isa/ops/all.def"
};
}  // namespace

const Handler* simd_table(Op op) {
  const Handler* t = kFamilyTables<SimdFamily>[static_cast<size_t>(op)];
  return t != nullptr ? t : kTernaryTables[static_cast<size_t>(op)];
}

}  // namespace ashlar::interp
