// PureOps: the LLVM form of every instruction that only computes on its operands.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "binary/body_reader.h"
#include "isa/op_table.h"
#include "runtime/traps.h"

namespace ashlar::optimizing {

class Semantics;

/// Lowers constants, numeric, vector, relaxed vector and wide arithmetic instructions. Most have a direct form of one
/// or a few LLVM instructions (ops_*.h); the others are the body of sem::<op>::eval, which the build compiled to
/// bitcode. Operands and results are i32, i64, float, double and <2 x i64>. One object serves one module, on one
/// thread, and is destroyed before the module's context.
class PureOps {
 public:
  /// Traps when `condition` is true; leaves the builder at the end of the block where it is false. `condition` may be
  /// the constant true; it is never the constant false.
  using TrapIf = std::function<void(llvm::Value* condition, runtime::Trap trap)>;
  /// Semantics takes the bitcode wherever there is one: so tests see both.
  enum class Forms : uint8_t { Best, Semantics };

  /// x86: the code is for x86-64 with SSE4.1 or better; otherwise for aarch64.
  PureOps(llvm::Module& into, bool x86, Forms forms = Forms::Best);
  ~PureOps();
  PureOps(const PureOps&) = delete;
  PureOps& operator=(const PureOps&) = delete;

  /// Whether `lower` knows `op`: its result depends on nothing but operands and immediates.
  static bool is_pure(isa::Op op);

  /// Emits `op` at the end of the builder's block and appends its results. False, and nothing emitted, when `op` is not
  /// pure. Traps and some bodies make new blocks: the builder may be in another block afterwards.
  bool lower(llvm::IRBuilder<>& b, isa::Op op, std::span<llvm::Value* const> args, const binary::Imm& imm,
             const TrapIf& trap_if, llvm::SmallVectorImpl<llvm::Value*>& results);

  /// The parts of vector memory instructions that are not the access. `raw` is the integer of 8 * info(op).width bits
  /// that was loaded, or is to be stored.
  /// v128.load8x8_s ... load32x2_u, load*_splat, load*_zero (not v128.load).
  llvm::Value* widen_load(llvm::IRBuilder<>& b, isa::Op op, llvm::Value* raw);
  /// v128.load*_lane: `vector` with lane imm.lane replaced.
  llvm::Value* insert_lane(llvm::IRBuilder<>& b, isa::Op op, llvm::Value* vector, llvm::Value* raw,
                           const binary::Imm& imm);
  /// v128.store*_lane: the raw integer of lane imm.lane.
  llvm::Value* extract_lane(llvm::IRBuilder<>& b, isa::Op op, llvm::Value* vector, const binary::Imm& imm);

 private:
  void lower_known(llvm::IRBuilder<>& b, isa::Op op, std::span<llvm::Value* const> args, const binary::Imm& imm,
                   const TrapIf& trap_if, llvm::SmallVectorImpl<llvm::Value*>& results);
  llvm::Value* lower_one(llvm::IRBuilder<>& b, isa::Op op, std::span<llvm::Value* const> args, const binary::Imm& imm);

  llvm::Module& into_;
  std::unique_ptr<Semantics> semantics_;  ///< from the first instruction that needs it
  bool x86_;
  Forms forms_;
};

}  // namespace ashlar::optimizing
