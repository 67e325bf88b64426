// The bodies of sem::<op>::eval as LLVM bitcode, one module an architecture, embedded in the library.
#pragma once

#include <span>

namespace ashlar::optimizing {

/// Each holds a table `ashlar_semantics` of functions by Op, null where there is none.
std::span<const char> semantics_bitcode_x86_64();
std::span<const char> semantics_bitcode_aarch64();

}  // namespace ashlar::optimizing
