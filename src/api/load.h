// From a file, bytes or text to a validated module of an engine.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/engine.h"

namespace ashlar::text {
class SourceMap;
}

namespace ashlar::api {

/// A module's encoding, what keeps it alive (a mapping, or the vector that text was assembled into), and for text
/// where its instructions came from.
struct ModuleBytes {
  std::shared_ptr<const void> storage;
  std::span<const uint8_t> bytes;
  std::shared_ptr<const text::SourceMap> source_map;
};

/// Whether the bytes begin like a WebAssembly binary (module or component).
bool is_binary(std::span<const uint8_t> bytes);

/// Errors: compiled_program, of bytes that begin like what `ashlar compile` or a serialization made.
Status check_not_compiled(std::span<const uint8_t> bytes);

struct AssembleOptions {
  bool debug_names = true;  ///< identifiers of text go into a name section: backtraces use it
  bool annotations = true;  ///< (@custom), (@name), (@metadata.code.branch_hint)
};

/// Reads a module in either format; text is assembled. "-" is standard input. Nothing is decoded yet.
/// Errors: Io; Malformed when it is neither format, a component, a compiled program, or text that does not parse (line
/// and column set).
Result<ModuleBytes> read_module(const std::string& path, const AssembleOptions& options = {});
/// The same for bytes in memory; `storage` keeps them alive.
Result<ModuleBytes> assemble(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                             const AssembleOptions& options = {});

/// Decodes and validates. Errors: Malformed, Invalid, Limit; of text with line and column where they are known.
Result<std::unique_ptr<module::Module>> check(const ModuleBytes& source, const runtime::Config& config,
                                              const std::shared_ptr<module::TypeRegistry>& types);
/// check, then the tier's preparation.
Result<std::shared_ptr<runtime::CompiledModule>> compile(const std::shared_ptr<runtime::Engine>& engine,
                                                         const ModuleBytes& source);
/// read_module and compile.
Result<std::shared_ptr<runtime::CompiledModule>> compile_file(const std::shared_ptr<runtime::Engine>& engine,
                                                              const std::string& path);

}  // namespace ashlar::api
