// Copies of modules with other custom sections; see core_sections.h.
#include "componentize/core_sections.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/leb128.h"
#include "binary/type_writer.h"

namespace ashlar::componentize {

namespace {
constexpr size_t kHeaderSize = 8;
}

std::vector<uint8_t> without_sections(const module::Module& core, std::string_view prefix) {
  const auto dropped = [&](size_t from, size_t to) {
    return std::ranges::any_of(core.customs, [&](const module::CustomSection& custom) {
      return custom.name.starts_with(prefix) && custom.contents_offset >= from && custom.contents_offset <= to;
    });
  };
  std::vector<uint8_t> out(core.bytes.begin(), core.bytes.begin() + kHeaderSize);
  base::ByteReader in(core.bytes, kHeaderSize, core.bytes.size());
  while (in.ok() && !in.at_end()) {
    const size_t from = in.pos();
    const uint8_t id = in.u8();
    const uint32_t size = in.leb_u32();
    const size_t to = in.pos() + size;  // decoded before: it lies in the module
    if (id != 0 || !dropped(in.pos(), to)) {
      out.insert(out.end(), core.bytes.begin() + static_cast<ptrdiff_t>(from),
                 core.bytes.begin() + static_cast<ptrdiff_t>(to));
    }
    in.seek(to);
  }
  return out;
}

void append_section(std::vector<uint8_t>& module, std::string_view name, std::span<const uint8_t> contents) {
  std::vector<uint8_t> section;
  binary::append_name(section, name);
  section.insert(section.end(), contents.begin(), contents.end());
  module.push_back(0);
  base::append_leb_u64(module, section.size());
  module.insert(module.end(), section.begin(), section.end());
}

}  // namespace ashlar::componentize
