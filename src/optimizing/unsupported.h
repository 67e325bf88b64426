// Functions that this compiler leaves to the interpreter, because of an instruction that it cannot translate.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "isa/op_table.h"
#include "module/module.h"
#include "optimizing/compile.h"

namespace ashlar::optimizing {

using OpSet = std::bitset<isa::kOpCount>;

/// The instructions of a list of mnemonics with commas between them. Errors: bad_flag_value.
Result<OpSet> read_op_list(std::string_view list);

/// The functions to compile: those that are asked for and use only what is translated. Ascending.
Result<std::vector<module::FuncIdx>> supported_functions(const module::Module& m, const CompileOptions& options);

}  // namespace ashlar::optimizing
