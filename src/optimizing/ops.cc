// Chooses the form of every pure instruction: the direct one where there is one, else the bitcode of its semantics.
#include "optimizing/ops.h"

#include <array>

#include "isa/semantics.h"
#include "optimizing/ops_bitcode.h"
#include "optimizing/ops_convert.h"
#include "optimizing/ops_float.h"
#include "optimizing/ops_int.h"
#include "optimizing/ops_simd.h"

namespace ashlar::isa::sem {

// Plain accesses: nothing to compute.
struct v128_load;
struct v128_store;

}  // namespace ashlar::isa::sem

namespace ashlar::optimizing {
namespace {

using isa::ImmKind;
using isa::Op;
using Results = llvm::SmallVectorImpl<llvm::Value*>;

/// Every other overload is better.
std::nullptr_t direct(const Emit&, const void*) { return nullptr; }

/// The direct form of one instruction. False when the bitcode is to be taken.
template <class Semantics>
bool run_direct(const Emit& e, Results& results) {
  auto value = direct(e, static_cast<const Semantics*>(nullptr));
  if constexpr (std::is_same_v<decltype(value), Pair>) {
    results.append({value.lo, value.hi});
    return true;
  } else {
    if (value != nullptr) results.push_back(value);
    return value != nullptr;
  }
}
template <class Semantics>
void run_guard(const Emit& e) {
  if constexpr (isa::sem::CanTrap<Semantics>) guard(e, static_cast<const Semantics*>(nullptr));
}

struct Rule {
  bool (*direct)(const Emit&, Results&) = nullptr;
  void (*guard)(const Emit&) = nullptr;  ///< what traps before the bitcode
};

template <class Semantics>
constexpr Rule rule_if_any() {
  if constexpr (requires { Semantics::eval; }) return {&run_direct<Semantics>, &run_guard<Semantics>};
  return {};
}

bool emit_constant(const Emit& e, Results& results, llvm::Type* type) {
  llvm::Constant* bits = e.b.getIntN(type->getPrimitiveSizeInBits(), e.imm.lo);
  results.push_back(e.cast(bits, type));
  return true;
}
bool i32_constant(const Emit& e, Results& results) { return emit_constant(e, results, e.b.getInt32Ty()); }
bool i64_constant(const Emit& e, Results& results) { return emit_constant(e, results, e.b.getInt64Ty()); }
bool f32_constant(const Emit& e, Results& results) { return emit_constant(e, results, e.b.getFloatTy()); }
bool f64_constant(const Emit& e, Results& results) { return emit_constant(e, results, e.b.getDoubleTy()); }
bool v128_constant(const Emit& e, Results& results) {
  results.push_back(llvm::ConstantVector::get({e.b.getInt64(e.imm.lo), e.b.getInt64(e.imm.hi)}));
  return true;
}

#define RULE_None(id) rule_if_any<isa::sem::id>()
#define RULE_Lane(id) rule_if_any<isa::sem::id>()
#define RULE_Shuffle(id) rule_if_any<isa::sem::id>()
#define RULE_MemArg(id) rule_if_any<isa::sem::id>()
#define RULE_MemArgLane(id) rule_if_any<isa::sem::id>()
#define RULE_I32(id) {.direct = i32_constant}
#define RULE_I64(id) {.direct = i64_constant}
#define RULE_F32(id) {.direct = f32_constant}
#define RULE_F64(id) {.direct = f64_constant}
#define RULE_V128(id) {.direct = v128_constant}

consteval std::array<Rule, isa::kOpCount> make_rules() {
  std::array<Rule, isa::kOpCount> rules;
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) rules[static_cast<size_t>(Op::id)] = RULE_##imm(id);
#include "isa/ops/numeric.def"
#include "isa/ops/relaxed_simd.def"
#include "isa/ops/simd.def"
#undef OP
  return rules;
}
constexpr std::array<Rule, isa::kOpCount> kRules = make_rules();

/// eval's arguments: the operands and the immediate.
llvm::SmallVector<llvm::Value*, 4> eval_args(const Emit& e, ImmKind kind) {
  llvm::SmallVector<llvm::Value*, 4> args(e.args.begin(), e.args.end());
  if (kind == ImmKind::Lane || kind == ImmKind::MemArgLane) args.push_back(e.b.getInt8(e.imm.lane));
  if (kind == ImmKind::Shuffle) {
    llvm::Constant* lanes = llvm::ConstantDataVector::get(e.b.getContext(), e.imm.bytes);
    args.push_back(e.cast(lanes, e.v128()));
  }
  return args;
}

}  // namespace

PureOps::PureOps(llvm::Module& into, bool x86, Forms forms) : into_(into), x86_(x86), forms_(forms) {}
PureOps::~PureOps() = default;

bool PureOps::is_pure(Op op) {
  return kRules[static_cast<size_t>(op)].direct != nullptr && !isa::info(op).has_mem_arg();
}

void PureOps::lower_known(llvm::IRBuilder<>& b, Op op, std::span<llvm::Value* const> args, const binary::Imm& imm,
                          const TrapIf& trap_if, Results& results) {
  const Rule& rule = kRules[static_cast<size_t>(op)];
  const Emit e{b, args, imm, trap_if, x86_};
  const bool direct_only = rule.guard == nullptr;
  if ((forms_ == Forms::Best || direct_only) && rule.direct(e, results)) return;
  rule.guard(e);
  if (semantics_ == nullptr) semantics_ = std::make_unique<Semantics>(into_, x86_);
  semantics_->emit(b, op, eval_args(e, isa::info(op).imm), results);
}

bool PureOps::lower(llvm::IRBuilder<>& b, Op op, std::span<llvm::Value* const> args, const binary::Imm& imm,
                    const TrapIf& trap_if, Results& results) {
  if (!is_pure(op)) return false;
  lower_known(b, op, args, imm, trap_if, results);
  return true;
}

llvm::Value* PureOps::lower_one(llvm::IRBuilder<>& b, Op op, std::span<llvm::Value* const> args,
                                const binary::Imm& imm) {
  llvm::SmallVector<llvm::Value*, 1> results;
  lower_known(b, op, args, imm, {}, results);
  return results.front();
}

llvm::Value* PureOps::widen_load(llvm::IRBuilder<>& b, Op op, llvm::Value* raw) {
  return lower_one(b, op, {&raw, 1}, {});
}

llvm::Value* PureOps::insert_lane(llvm::IRBuilder<>& b, Op op, llvm::Value* vector, llvm::Value* raw,
                                  const binary::Imm& imm) {
  llvm::Value* const args[] = {vector, raw};
  return lower_one(b, op, args, imm);
}

llvm::Value* PureOps::extract_lane(llvm::IRBuilder<>& b, Op op, llvm::Value* vector, const binary::Imm& imm) {
  return lower_one(b, op, {&vector, 1}, imm);
}

}  // namespace ashlar::optimizing
