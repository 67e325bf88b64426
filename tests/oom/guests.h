// The guests of the scenarios.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenario.h"

namespace oom {

/// Imports what scenarios.cc defines, and does a little of everything.
extern const std::string_view kGuest;
/// A WASI program that uses files.
extern const std::string_view kWasiGuest;
/// kGuest in the binary format.
std::vector<uint8_t> guest_bytes();
/// A module whose bodies are more than one thread validates.
std::vector<uint8_t> large_bytes();
/// A folder with a few files for kWasiGuest.
std::string wasi_folder();

/// The scenario of the C API.
void capi(Run& run);

}  // namespace oom
