// The sections of a module as objdump shows them: headers, details, bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isa/features.h"
#include "module/module.h"

namespace ashlar::cli {

/// One section in the order of the file.
struct SectionRow {
  uint8_t id;
  std::string name;  ///< "Type"; of a custom section its own name
  uint32_t offset;   ///< of the contents; custom: behind the name
  uint32_t size;
  size_t count;  ///< entries; 0 where that has no meaning
};

/// All sections, or those called `only` (case ignored) when it is not empty.
std::vector<SectionRow> list_sections(const module::Module& m, std::string_view only);
/// Whether it is called so; everything is called "".
bool is_called(const SectionRow& row, std::string_view name);
/// One line.
std::string section_header(const SectionRow& row);
std::string section_headers(const std::vector<SectionRow>& sections);
std::string section_details(const module::Module& m, const SectionRow& row, isa::Features features);
/// `all`: what the row's offset is of.
std::string section_bytes(std::span<const uint8_t> all, const SectionRow& row);

}  // namespace ashlar::cli
