// Validation: module-level rules and the one-pass operand-stack checker of function bodies.
#pragma once

#include <memory>

#include "base/error.h"
#include "isa/features.h"
#include "module/limits.h"
#include "module/module.h"
#include "module/type_registry.h"

namespace ashlar::validate {

struct ValidateOptions {
  isa::Features features;
  module::ModuleLimits limits;
  unsigned threads = 0;  ///< 0: as many as the machine has when the module is large; 1: none beyond the caller
  bool lazy = false;     ///< leave bodies to validate_function at first call
};

/// Checks everything outside bodies, canonicalizes the types into `registry` and sets m.canonical.
Status validate_module(module::Module& m, const std::shared_ptr<module::TypeRegistry>& registry,
                       const ValidateOptions& options);

/// Checks and canonicalizes the recursion group that was added last to m.rec_groups, those before it having passed;
/// m.registry is set. For types that come one by one (components). On an error the module is as it was.
Status validate_last_group(module::Module& m, const ValidateOptions& options);

/// Limits of a memory's or a table's type, page size included; types inside are not looked at.
Status validate_memory_type(const module::MemoryType& type);
Status validate_table_limits(const module::Limits& limits);

/// Checks one body (decoding it on the way) and returns what later stages need to know of it. Thread-safe on a
/// module that passed validate_module. Phases: Malformed or Invalid, with module byte offset and function index.
Result<module::FuncFacts> validate_function(const module::Module& m, module::FuncIdx f, const ValidateOptions& options);

/// Both of the above, bodies in parallel; the error reported is that of the lowest function index. Facts are dropped:
/// lowering asks for them again, function by function (validation is faster than keeping them for all).
Status validate(module::Module& m, const std::shared_ptr<module::TypeRegistry>& registry,
                const ValidateOptions& options);

/// Whether every branch hint names an `if` or `br_if` of its function. Hints never make a module invalid: this is for
/// tools and for the suite's assert_invalid_custom. The module has been validated.
Status check_branch_hints(const module::Module& m, const isa::Features& features);

}  // namespace ashlar::validate
