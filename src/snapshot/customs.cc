// Choosing custom sections; see customs.h.
#include "snapshot/customs.h"

#include <algorithm>
#include <string_view>

#include "base/byte_reader.h"
#include "base/leb128.h"
#include "binary/section.h"

namespace ashlar::snapshot {

namespace {

constexpr uint8_t kElemNames = 8, kDataNames = 9;

/// Whether the code section that the encoder writes has each body where it was.
bool code_stays(const module::Module& m) {
  const auto code =
      std::ranges::find(m.sections, static_cast<uint8_t>(binary::Section::Code), &module::SectionInfo::id);
  if (code == m.sections.end()) return true;
  uint64_t at = base::leb_u64_size(m.funcs.size() - m.imported_funcs);
  for (size_t i = m.imported_funcs; i < m.funcs.size(); ++i) {
    const module::Func& f = m.funcs[i];
    at += base::leb_u64_size(f.body_size);
    if (code->offset + at != f.body_offset) return false;
    at += f.body_size;
  }
  return true;
}

bool stays(std::string_view name, bool same_code) {
  if (name == "linking" || name.starts_with("reloc.") || name == "sourceMappingURL") return false;
  if (name.starts_with(".debug_") || name == "external_debug_info") return same_code;
  return true;
}

/// The name section without what names segments. A broken one stays as it is: it says nothing to anybody.
void filter_names(module::CustomSection& custom, std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> out;
  const size_t end = size_t{custom.contents_offset} + custom.contents_size;
  base::ByteReader in(bytes, custom.contents_offset, end);
  while (!in.at_end()) {
    const size_t from = in.pos();
    const uint8_t id = in.u8();
    const uint32_t size = in.leb_u32();
    if (!in.ok() || size > end - in.pos()) return;
    const size_t to = in.pos() + size;
    in.seek(to);
    if (id == kElemNames || id == kDataNames) continue;
    out.insert(out.end(), bytes.begin() + static_cast<ptrdiff_t>(from), bytes.begin() + static_cast<ptrdiff_t>(to));
  }
  custom.contents_offset = static_cast<uint32_t>(bytes.size());
  custom.contents_size = static_cast<uint32_t>(out.size());
  bytes.insert(bytes.end(), out.begin(), out.end());
}

}  // namespace

void keep_true_customs(module::Module& m, std::vector<uint8_t>& bytes) {
  const bool same_code = code_stays(m);
  std::erase_if(m.customs, [&](const module::CustomSection& custom) { return !stays(custom.name, same_code); });
  for (module::CustomSection& custom : m.customs) {
    if (custom.name == "name") filter_names(custom, bytes);
  }
}

}  // namespace ashlar::snapshot
