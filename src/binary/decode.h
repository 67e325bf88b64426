// Bytes to module: every section decoded and checked for well-formedness; bodies are only delimited.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "isa/features.h"
#include "module/limits.h"
#include "module/module.h"

namespace ashlar::binary {

/// What is known of a module that was decoded and validated before: it is not read again, and nothing that takes time
/// in proportion to the code or the data is done.
struct KnownParts {
  std::span<const module::Func> funcs;  ///< all of them; borrowed by the module
  /// Those of all element segments that list functions, one segment behind the other; borrowed too.
  std::span<const module::FuncIdx> elems;
  bool datas = false;  ///< the data section is passed over (Module::laid_out takes its place)
};

struct DecodeOptions {
  isa::Features features;
  module::ModuleLimits limits;
  /// Fill Module::names. Programs that only run can leave it out and ask decode_names when they print a backtrace.
  bool names = true;
  const KnownParts* known = nullptr;
};

/// Decodes a binary module. `storage` keeps `bytes` alive and is kept by the module. Bodies are delimited only: their
/// instructions are decoded (malformed errors included) by validate::validate_function.
/// Errors: Phase::Malformed with byte offset. Without options.names, Module::debug_names() decodes them when asked.
Result<std::unique_ptr<module::Module>> decode(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                                               const DecodeOptions& options);
Result<std::unique_ptr<module::Module>> decode(std::vector<uint8_t> bytes, const DecodeOptions& options);

/// The name section's contents; empty when there is none or it is malformed. Views point into m.bytes.
module::NameMap decode_names(const module::Module& m);

}  // namespace ashlar::binary
