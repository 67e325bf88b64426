// Constant expressions: typing and which instructions are allowed (spec 3.4.13).
#pragma once

#include <vector>

#include "validate/module_types.h"
#include "validate/validate.h"

namespace ashlar::validate {

class ConstExprChecker {
 public:
  ConstExprChecker(const module::Module& m, const ValidateOptions& options) : m_(m), types_(m), options_(options) {}

  /// `globals`: how many globals the expression may name.
  Status check(const module::ConstExpr& expr, isa::ValType expected, uint32_t globals);

 private:
  Status step(const module::ConstInst& inst, uint32_t globals);
  Status aggregate(const module::ConstInst& inst);
  Status convert(isa::AbsHeap from, isa::AbsHeap to);
  Status pop(isa::ValType expected);
  std::unexpected<Error> mismatch(std::string detail) const;
  void push(isa::ValType type) { stack_.push_back(type); }

  const module::Module& m_;
  const ModuleTypes types_;
  const ValidateOptions& options_;
  std::vector<isa::ValType> stack_;
  uint32_t offset_ = 0;
};

}  // namespace ashlar::validate
