// Custom sections of core modules in binary form: leaving some out, adding one.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "module/module.h"

namespace ashlar::componentize {

/// The module's bytes without the custom sections whose names begin with `prefix`.
std::vector<uint8_t> without_sections(const module::Module& core, std::string_view prefix);
void append_section(std::vector<uint8_t>& module, std::string_view name, std::span<const uint8_t> contents);

}  // namespace ashlar::componentize
