// Whether tests can have machine code.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace ashlar {

/// Whether this build has the compiler, or the environment names one.
inline bool has_compiler() {
  const auto bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return std::filesystem::exists(bin.parent_path() / "lib" / "ashlar" / "ashlar-llvm") ||
         std::getenv("ASHLAR_LLVM") != nullptr;
}

}  // namespace ashlar
