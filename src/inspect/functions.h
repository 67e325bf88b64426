// The functions of an image as tools outside name them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "module/module.h"
#include "native/image.h"

namespace ashlar::inspect {

/// A function of an image, or an entry into one of its loops.
struct Function {
  const native::FrameRow* row;
  std::span<const uint8_t> code;
  std::string name;  ///< as backtraces have it, on one line

  uint64_t address() const { return reinterpret_cast<uint64_t>(code.data()); }
};

/// All of them, ascending.
std::vector<Function> functions_of(const native::Image& image, const module::Module& m);
/// "MODULE!", which backtraces have in front of names; empty when the module has no name.
std::string qualifier_of(const module::Module& m);

}  // namespace ashlar::inspect
