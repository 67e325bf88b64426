// Asks the compiler program where a module's code comes from: only LLVM's readers are a match for the DWARF of all
// toolchains, and hostile DWARF is not read in this process.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "module/module.h"
#include "native/source_lines.h"

namespace ashlar::tiering {

/// Whether the module says where in its source it comes from.
bool has_dwarf(const module::Module& m);

/// Of these offsets in the module, which ascend, those that its DWARF says something about. `features`: isa::Features
/// as bits. `compiler`: as CompileJob has it. Waits for a child process. Errors: those of CompilerProcess; DWARF on
/// which it breaks down is one of them.
Result<native::SourceLines> read_source_lines(std::span<const uint8_t> wasm, std::vector<uint32_t> offsets,
                                              uint64_t features, const std::string& compiler = {});

}  // namespace ashlar::tiering
