// What this machine's processor can do, in LLVM's names for instruction-set extensions.
#pragma once

#include <span>
#include <string_view>

namespace ashlar::os {

/// "x86_64" or "aarch64".
std::string_view cpu_arch();
/// Whether this processor and its operating system support the extension; names we do not know are not supported.
bool cpu_has(std::string_view extension);
/// All extensions we know of for an architecture: those that compiled code can depend on. Empty: unknown architecture.
std::span<const std::string_view> cpu_extensions(std::string_view arch);

}  // namespace ashlar::os
