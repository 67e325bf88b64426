// What the Canonical ABI makes of WIT functions: core signatures, and whether a memory or realloc is needed.
#pragma once

#include <unordered_map>

#include "component/types.h"
#include "module/types.h"
#include "wit/model.h"

namespace ashlar::componentize {

struct AbiFunction {
  module::FuncType core;
  bool memory = false;   ///< pointers, or values that do not fit in registers
  bool realloc = false;  ///< somebody allocates for what is passed to the module
};

class AbiTypes {
 public:
  explicit AbiTypes(const wit::Resolve& model) : model_(model) {}
  /// As a core module imports it.
  AbiFunction lowered(const wit::Function& function) { return shape(function, false); }
  /// As a core module exports it.
  AbiFunction lifted(const wit::Function& function) { return shape(function, true); }

 private:
  AbiFunction shape(const wit::Function& function, bool lift);
  const component::ValType* type(wit::Type type);
  const component::ValType* make(const wit::TypeDef& def);
  component::TypeArena arena_;
  const wit::Resolve& model_;
  std::unordered_map<wit::TypeId, const component::ValType*> known_;
};

}  // namespace ashlar::componentize
