// Section ids of the binary format and their order in a module.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ashlar::binary {

enum class Section : uint8_t {
  Custom = 0,
  Type = 1,
  Import = 2,
  Function = 3,
  Table = 4,
  Memory = 5,
  Global = 6,
  Export = 7,
  Start = 8,
  Element = 9,
  Code = 10,
  Data = 11,
  DataCount = 12,
  Tag = 13,
};
inline constexpr uint8_t kSectionCount = 14;

/// The known sections in the order a module must keep (spec 5.5.2).
inline constexpr std::array<Section, 13> kSectionOrder = {
    Section::Type,      Section::Import, Section::Function, Section::Table, Section::Memory,
    Section::Tag,       Section::Global, Section::Export,   Section::Start, Section::Element,
    Section::DataCount, Section::Code,   Section::Data};

/// 1.. in order; 0 for custom sections.
constexpr int section_rank(Section id) {
  for (size_t i = 0; i < kSectionOrder.size(); ++i) {
    if (kSectionOrder[i] == id) return static_cast<int>(i) + 1;
  }
  return 0;
}

constexpr std::string_view section_name(Section id) {
  constexpr std::string_view kNames[kSectionCount] = {"custom", "type",   "import",    "function", "table",
                                                      "memory", "global", "export",    "start",    "element",
                                                      "code",   "data",   "datacount", "tag"};
  return kNames[static_cast<uint8_t>(id)];
}

}  // namespace ashlar::binary
