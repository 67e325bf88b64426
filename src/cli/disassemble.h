// One function body as lines of offsets, bytes and instructions.
#pragma once

#include <string>

#include "isa/features.h"
#include "module/module.h"

namespace ashlar::cli {

/// " <main>": the function's name from the name section, its export or its import; empty when it has none.
std::string func_name(const module::Module& m, module::FuncIdx f);

/// Appends the disassembly of a defined function. A body that cannot be decoded ends with the error's text.
void disassemble(const module::Module& m, module::FuncIdx f, isa::Features features, std::string& out);

/// Writes the disassembly of all functions to standard output.
void write_disassembly(const module::Module& m, isa::Features features);

/// A constant expression as text: "i32.const 1024".
std::string const_expr_text(const module::Module& m, const module::ConstExpr& expr, isa::Features features);

}  // namespace ashlar::cli
