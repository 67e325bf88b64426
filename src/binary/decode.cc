// Header, section framing and the sections of indices; see decoder.h.
#include "binary/decode.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "binary/body_reader.h"
#include "binary/decoder.h"
#include "binary/type_reader.h"

namespace ashlar::binary {

using isa::Feature;
using module::ExternKind;
using module::Module;

namespace {
constexpr std::string_view kMagic("\0asm", 4);
constexpr uint32_t kVersion = 1;
constexpr uint32_t kComponentVersion = 0x1000d;
constexpr std::string_view kBranchHintSection = "metadata.code.branch_hint";
}  // namespace

void Decoder::header() {
  const std::span<const uint8_t> magic = in_.take(kMagic.size());
  if (!in_.ok()) return;
  if (!std::equal(magic.begin(), magic.end(), kMagic.begin(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); })) {
    return in_.fail_at(ErrorCode::bad_magic, 0);
  }
  const uint32_t version = in_.u32();
  if (in_.ok() && version != kVersion) {
    in_.fail_at(ErrorCode::bad_version, 4, version == kComponentVersion ? ": this is a component" : "");
  }
}

Status Decoder::run() {
  header();
  while (in_.ok() && !in_.at_end()) {
    const size_t at = in_.pos();
    const uint8_t id = in_.u8();
    if (id >= kSectionCount || (id == static_cast<uint8_t>(Section::Tag) && !features_.has(Feature::exceptions) &&
                                !features_.has(Feature::legacy_exceptions))) {
      in_.fail_at(ErrorCode::malformed_section_id, at, hex_byte(id));
      break;
    }
    const Section section_id{id};
    if (section_id != Section::Custom && section_rank(section_id) <= section_rank(last_)) {
      in_.fail_at(ErrorCode::section_order, at, std::string(section_name(section_id)) + " section");
      break;
    }
    const uint32_t size = length();
    section(section_id, in_.pos() + size);
  }
  if (!in_.ok()) return std::unexpected(known_ ? in_.take_error() : earlier_error(in_.take_error()));
  return known_ ? check_known() : check_counts();
}

Error Decoder::earlier_error(Error error) {
  // What breaks behind the code section is often the fault of a body that is longer than it says: look there first.
  std::vector<LocalGroup> locals;
  Imm imm;
  for (size_t f = m_.imported_funcs; f < m_.funcs.size() && m_.funcs[f].body_size != 0; ++f) {
    BodyReader reader(m_.bytes, m_.funcs[f].body_offset, m_.bytes.size(), features_);
    if (!read_locals(reader, 0, ~uint32_t{0}, locals)) break;
    for (uint32_t depth = 1; depth != 0;) {
      const isa::Op op = reader.next(imm);
      if (op == isa::Op::kCount) return reader.take_error().in_func(static_cast<uint32_t>(f));
      depth += opens_block(op) ? 1u : 0u;
      depth -= closes_block(op) ? 1u : 0u;
    }
    if (reader.pos() != size_t{m_.funcs[f].body_offset} + m_.funcs[f].body_size) break;
  }
  return error;
}

void Decoder::section(Section id, size_t end) {
  if (!in_.ok()) return;
  const size_t start = in_.pos();
  if (id == Section::Custom) {
    custom_section(end);
  } else {
    m_.sections.push_back({static_cast<uint8_t>(id), static_cast<uint32_t>(start), static_cast<uint32_t>(end - start)});
    if (!skip_known(id, end)) section_contents(id);
    last_ = id;
  }
  ++rank_;
  if (in_.ok() && in_.pos() != end) {
    in_.fail_at(ErrorCode::section_size_mismatch, start,
                ": the " + std::string(section_name(id)) + " section has " + std::to_string(end - start) + " bytes, " +
                    std::to_string(in_.pos() - start) + " were read");
  }
}

bool Decoder::skip_known(Section id, size_t end) {
  if (!known_) return false;
  const bool skipped = id == Section::Function || id == Section::Code || (id == Section::Data && known_->datas);
  if (!skipped) return false;
  if (id == Section::Code) m_.code_bytes = static_cast<uint32_t>(end - in_.pos());
  in_.take(end - in_.pos());
  return true;
}

Status Decoder::check_known() const {
  const size_t imported = m_.funcs.size();
  if (known_->funcs.size() < imported) {
    return make_error(ErrorCode::func_code_mismatch, kNoOffset, std::to_string(imported),
                      std::to_string(known_->funcs.size()));
  }
  m_.funcs.borrow(known_->funcs);
  return {};
}

void Decoder::section_contents(Section id) {
  switch (id) {
    case Section::Custom:
      return;
    case Section::Type:
      return type_section();
    case Section::Import:
      return import_section();
    case Section::Function:
      return function_section();
    case Section::Table:
      return table_section();
    case Section::Memory:
      return memory_section();
    case Section::Global:
      return global_section();
    case Section::Export:
      return export_section();
    case Section::Start:
      return start_section();
    case Section::Element:
      return element_section();
    case Section::Code:
      return code_section();
    case Section::Data:
      return data_section();
    case Section::DataCount:
      return data_count_section();
    case Section::Tag:
      return tag_section();
  }
}

void Decoder::custom_section(size_t end) {
  if (m_.customs.size() >= limits_.custom_sections) {
    return in_.fail_at(ErrorCode::module_limit, in_.pos(), "custom sections", std::to_string(limits_.custom_sections));
  }
  const std::string_view section_name = name();
  if (!in_.ok()) return;
  const size_t at = in_.pos();
  if (at > end) return in_.fail_at(ErrorCode::unexpected_end, end);
  in_.take(end - at);
  if (!in_.ok()) return;
  m_.customs.push_back(
      {section_name, static_cast<uint32_t>(at), static_cast<uint32_t>(end - at), static_cast<uint8_t>(last_), rank_});
  if (section_name == kBranchHintSection && features_.has(Feature::branch_hints) && m_.branch_hints.empty() &&
      !known_) {
    m_.branch_hints = decode_branch_hints(m_.bytes, at, end);
  }
}

void Decoder::function_section() {
  const uint32_t n = count(m_.funcs.size(), limits_.functions, "functions");
  m_.funcs.reserve(m_.funcs.size() + n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    module::Func func;
    func.type = in_.leb_u32();
    m_.funcs.push_back(func);
  }
}

void Decoder::export_section() {
  const uint32_t n = count(0, limits_.exports, "exports");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    const std::string_view export_name = name();
    const size_t at = in_.pos();
    const uint8_t kind = in_.u8();
    const uint32_t index = in_.leb_u32();
    const bool known = kind <= static_cast<uint8_t>(ExternKind::Tag);
    if (in_.ok() && !known) return in_.fail_at(ErrorCode::malformed_export_kind, at, hex_byte(kind));
    m_.exports.push_back({export_name, ExternKind{kind}, index});
  }
}

void Decoder::start_section() { m_.start = in_.leb_u32(); }

void Decoder::data_count_section() {
  const size_t at = in_.pos() - 1;
  if (!features_.has(Feature::bulk_memory)) {
    return in_.fail_at(ErrorCode::malformed_section_id, at, hex_byte(static_cast<uint8_t>(Section::DataCount)));
  }
  m_.data_count = in_.leb_u32();
}

void Decoder::code_section() {
  const size_t start = in_.pos();
  code_count_ = count(0, limits_.functions, "function bodies");
  const size_t defined = m_.funcs.size() - m_.imported_funcs;
  for (uint64_t i = 0; i < code_count_ && in_.ok(); ++i) {
    const size_t at = in_.pos();
    const uint32_t size = count(0, limits_.function_bytes, "bytes in a function body");
    const size_t from = in_.pos();
    in_.take(size);
    if (!in_.ok() || i >= defined) continue;
    if (size == 0) return in_.fail_at(ErrorCode::unexpected_end, at);
    module::Func& func = m_.funcs.edit(m_.imported_funcs + i);
    func.body_offset = static_cast<uint32_t>(from);
    func.body_size = size;
  }
  m_.code_bytes = static_cast<uint32_t>(in_.pos() - start);
}

Status Decoder::check_counts() {
  const size_t defined = m_.funcs.size() - m_.imported_funcs;
  if (defined != code_count_) {
    return make_error(ErrorCode::func_code_mismatch, kNoOffset, std::to_string(defined), std::to_string(code_count_));
  }
  if (m_.data_count && *m_.data_count != m_.datas.size()) {
    return make_error(ErrorCode::data_count_mismatch, kNoOffset, std::to_string(*m_.data_count),
                      std::to_string(m_.datas.size()));
  }
  return {};
}

Result<std::unique_ptr<Module>> decode(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                                       const DecodeOptions& options) {
  // Offsets in the model have 32 bits.
  const uint64_t most = std::min<uint64_t>(options.limits.module_bytes, ~uint32_t{0});
  if (bytes.size() > most) {
    return make_error(ErrorCode::module_limit, kNoOffset, std::to_string(bytes.size()) + " bytes in a module",
                      std::to_string(most));
  }
  auto m = std::make_unique<Module>();
  m->bytes = bytes;
  m->storage = std::move(storage);
  TRY(Decoder(*m, options).run());
  if (options.names) {
    m->names = decode_names(*m);
  } else {
    m->decode_names = &decode_names;
  }
  return m;
}

Result<std::unique_ptr<Module>> decode(std::vector<uint8_t> bytes, const DecodeOptions& options) {
  auto storage = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  const std::span<const uint8_t> view(*storage);
  return decode(view, std::move(storage), options);
}

}  // namespace ashlar::binary
