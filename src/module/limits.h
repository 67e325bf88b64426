// Implementation limits against hostile input, one struct; the JS API's limits are the defaults.
#pragma once

#include <cstdint>

namespace ashlar::module {

/// Upper bounds on what a module may declare. Exceeding one is Phase::Malformed or Phase::Invalid with a message
/// that names the limit. Source: WebAssembly JS API, "Implementation-defined Limits".
struct ModuleLimits {
  uint64_t module_bytes = 1ull << 30;
  uint32_t types = 1'000'000;
  uint32_t rec_groups = 1'000'000;
  uint32_t rec_group_size = 1'000'000;
  uint32_t subtyping_depth = 63;
  uint32_t functions = 1'000'000;
  uint32_t imports = 1'000'000;
  uint32_t exports = 1'000'000;
  uint32_t globals = 1'000'000;
  uint32_t tags = 1'000'000;
  uint32_t data_segments = 100'000;
  uint32_t tables = 100'000;
  uint32_t memories = 100;
  uint32_t elem_segments = 10'000'000;
  uint64_t table_entries = 10'000'000;
  uint32_t function_bytes = 7'654'321;
  uint32_t locals = 50'000;
  uint32_t params = 1'000;
  uint32_t results = 1'000;
  uint32_t struct_fields = 10'000;
  uint32_t array_new_fixed = 10'000;
  uint32_t br_table = 7'654'321;
  uint32_t nesting = 50'000;
  uint32_t operands = 1'000'000;  ///< on the operand stack of a function; not a limit of the JS API
  uint32_t name_bytes = 100'000;
  uint32_t custom_sections = 100'000;
};

}  // namespace ashlar::module
