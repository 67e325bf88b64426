// DWARF of compiled code, for debuggers: the guest's own functions, inlined calls and lines at machine addresses.
#pragma once

#include <span>

#include "inspect/bytes.h"
#include "inspect/functions.h"
#include "module/module.h"
#include "native/image.h"
#include "native/source_lines.h"

namespace ashlar::inspect {

/// Sections of DWARF 4.
struct Dwarf {
  Bytes abbrev;
  Bytes info;
  Bytes line;
  Bytes ranges;
};

/// Of the functions for which there are lines; all empty when there is none.
Dwarf write_dwarf(const native::Image& image, const module::Module& m, std::span<const Function> functions,
                  const native::SourceLines& lines);

}  // namespace ashlar::inspect
