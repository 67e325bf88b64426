// Preamble, section framing, custom sections; see decoder.h.
#include "component/decode.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "binary/type_reader.h"
#include "component/decoder.h"

namespace ashlar::component {

namespace {

constexpr std::string_view kMagic("\0asm", 4);
constexpr uint16_t kVersion = 0x0d;
constexpr uint16_t kLayer = 1;
constexpr size_t kPreambleBytes = 8;
constexpr std::string_view kNameSection = "component-name";

bool has_magic(std::span<const uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                                                     [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

constexpr std::string_view kSectionNames[kSectionCount] = {
    "custom", "core module", "core instance", "core type", "component", "instance", "alias",
    "type",   "canon",       "start",         "import",    "export",    "value"};

}  // namespace

Decoder::Nested::Nested(Decoder& d) : d_(d) {
  if (++d.depth_ > d.component_limits_.nesting) {
    d.in_.fail_at(ErrorCode::component_nesting, d.in_.pos(), std::to_string(d.component_limits_.nesting));
  }
}

void Decoder::malformed(std::string_view what, size_t at, uint8_t byte) {
  in_.fail_at(ErrorCode::component_malformed, at, std::string(what), binary::hex_byte(byte));
}

uint32_t Decoder::items(std::string_view what) {
  const size_t at = in_.pos();
  const uint32_t n = length();
  if (n > component_limits_.items - items_) {
    in_.fail_at(ErrorCode::module_limit, at, std::to_string(n) + " " + std::string(what),
                std::to_string(component_limits_.items) + " entries of lists in a component");
    return 0;
  }
  items_ += n;
  return n;
}

std::string Decoder::text() { return std::string(name()); }

bool Decoder::flag(std::string_view what) {
  const size_t at = in_.pos();
  const uint8_t byte = in_.u8();
  if (byte > 1) malformed(what, at, byte);
  return byte == 1;
}

void Decoder::preamble() {
  const size_t at = in_.pos();
  const std::span<const uint8_t> magic = in_.take(kMagic.size());
  if (!in_.ok()) return;
  if (!has_magic(magic)) return in_.fail_at(ErrorCode::bad_magic, at);
  const uint32_t word = in_.u32();
  if (!in_.ok() || word == (uint32_t{kLayer} << 16 | kVersion)) return;
  const uint32_t layer = word >> 16;
  in_.fail_at(ErrorCode::component_version, at + kMagic.size(), std::to_string(word & 0xffff),
              layer == kLayer ? ", expected " + std::to_string(kVersion)
              : layer == 0    ? " (this is a core module)"
                              : " of layer " + std::to_string(layer));
}

void Decoder::component(Component& out, size_t end) {
  const size_t from = in_.pos();
  const Nested nested(*this);
  preamble();
  while (in_.ok() && in_.pos() < end) {
    const size_t at = in_.pos();
    const uint8_t id = in_.u8();
    if (id >= kSectionCount) return in_.fail_at(ErrorCode::malformed_section_id, at, binary::hex_byte(id));
    const size_t size_at = in_.pos();
    const uint32_t size = in_.leb_u32();
    if (in_.ok() && (in_.pos() > end || size > end - in_.pos())) {
      return in_.fail_at(ErrorCode::length_out_of_bounds, size_at);
    }
    if (in_.ok()) section(out, Section{id}, in_.pos() + size);
  }
  if (in_.ok()) out.bytes = bytes_.subspan(from, end - from);
}

template <class Item>
void Decoder::each(Component& out, std::string_view what, Item item) {
  const uint32_t n = items(what);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    const auto at = static_cast<uint32_t>(in_.pos());
    out.defs.push_back({item(), at});
  }
}

void Decoder::section(Component& out, Section id, size_t end) {
  const size_t at = in_.pos();
  switch (id) {
    case Section::Custom:
      custom_section(out, at, end);
      break;
    case Section::CoreModule:
      out.defs.push_back({CoreModuleDef{in_.take(end - at), storage_}, static_cast<uint32_t>(at)});
      break;
    case Section::CoreInstance:
      each(out, "core instances", [&] { return core_instance(); });
      break;
    case Section::CoreType:
      each(out, "core types", [&] { return core_type(); });
      break;
    case Section::Component:
      nested_component(out, at, end);
      break;
    case Section::Instance:
      each(out, "instances", [&] { return instance(); });
      break;
    case Section::Alias:
      each(out, "aliases", [&] { return alias(); });
      break;
    case Section::Type:
      each(out, "types", [&] { return type(); });
      break;
    case Section::Canon:
      each(out, "canonical definitions", [&] { return canon(); });
      break;
    case Section::Start:
      out.defs.push_back({start(), static_cast<uint32_t>(at)});
      break;
    case Section::Import:
      each(out, "imports", [&] { return import(); });
      break;
    case Section::Export:
      each(out, "exports", [&] { return export_def(); });
      break;
    case Section::Value:
      each(out, "values", [&] { return value(); });
      break;
  }
  if (in_.ok() && in_.pos() != end) {
    in_.fail_at(ErrorCode::section_size_mismatch, at,
                ": the " + std::string(kSectionNames[static_cast<uint8_t>(id)]) + " section has " +
                    std::to_string(end - at) + " bytes, " + std::to_string(in_.pos() - at) + " were read");
  }
}

void Decoder::nested_component(Component& out, size_t at, size_t end) {
  auto inner = std::make_unique<Component>();
  component(*inner, end);
  out.defs.push_back({std::move(inner), static_cast<uint32_t>(at)});
}

void Decoder::custom_section(Component& out, size_t at, size_t end) {
  std::string section_name = text();
  if (!in_.ok()) return;
  const size_t from = in_.pos();
  if (from > end) return in_.fail_at(ErrorCode::unexpected_end, end);
  if (section_name == kNameSection) {
    if (!wants_names_) return in_.seek(end);
    if (out.names.empty() && out.name.empty() && names(out, from, end)) return in_.seek(end);
  }
  const std::span<const uint8_t> contents = in_.take(end - from);
  out.defs.push_back(
      {CustomSection{std::move(section_name), {contents.begin(), contents.end()}}, static_cast<uint32_t>(at)});
}

namespace {

/// A name of the section; nothing of a broken one counts.
bool read_name(base::ByteReader& in, std::string& out) {
  const std::span<const uint8_t> bytes = in.take(in.leb_u32());
  if (!in.ok() || !base::is_utf8(bytes)) return false;
  out.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

bool is_core_sort(uint8_t byte) { return byte <= 0x04 || (byte >= 0x10 && byte <= 0x12); }

bool read_sort_names(base::ByteReader& in, uint32_t& left, std::vector<SortName>& out) {
  SortName entry;
  const uint8_t sort = in.u8();
  if (sort > static_cast<uint8_t>(Sort::Instance)) return false;
  entry.sort.sort = Sort{sort};
  if (entry.sort.sort == Sort::Core) {
    const uint8_t core = in.u8();
    if (!is_core_sort(core)) return false;
    entry.sort.core = CoreSort{core};
  }
  for (uint32_t n = in.leb_u32(); n != 0 && in.ok(); --n) {
    if (left-- == 0) return false;
    entry.index = in.leb_u32();
    if (!read_name(in, entry.name)) return false;
    out.push_back(entry);
  }
  return in.ok();
}

}  // namespace

bool Decoder::names(Component& out, size_t from, size_t end) {
  base::ByteReader in(bytes_, from, end);
  std::string component_name;
  std::vector<SortName> entries;
  uint32_t left = component_limits_.items - items_;
  while (in.ok() && !in.at_end()) {
    const uint8_t id = in.u8();
    const uint32_t size = in.leb_u32();
    const size_t part = in.pos();
    in.take(size);
    if (!in.ok() || id > 1) return false;
    base::ByteReader contents(bytes_, part, part + size);
    const bool read = id == 0 ? read_name(contents, component_name) : read_sort_names(contents, left, entries);
    if (!read || !contents.at_end()) return false;
  }
  if (!in.ok() || (component_name.empty() && entries.empty())) return false;
  items_ = component_limits_.items - left;
  out.name = std::move(component_name);
  out.names = std::move(entries);
  return true;
}

Result<std::unique_ptr<Component>> Decoder::run() {
  auto out = std::make_unique<Component>();
  component(*out, bytes_.size());
  TRY(in_.status());
  return out;
}

bool is_component(std::span<const uint8_t> bytes) {
  return bytes.size() >= kPreambleBytes && has_magic(bytes) && bytes[6] == kLayer && bytes[7] == 0;
}

Result<std::unique_ptr<Component>> decode(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                                          const DecodeOptions& options) {
  // Offsets in the model have 32 bits.
  const uint64_t most = std::min<uint64_t>(options.limits.bytes, ~uint32_t{0});
  if (bytes.size() > most) {
    return make_error(ErrorCode::module_limit, kNoOffset, std::to_string(bytes.size()) + " bytes in a component",
                      std::to_string(most));
  }
  return Decoder(bytes, std::move(storage), options).run();
}

Result<std::unique_ptr<Component>> decode(std::vector<uint8_t> bytes, const DecodeOptions& options) {
  auto storage = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  const std::span<const uint8_t> view(*storage);
  return decode(view, std::move(storage), options);
}

}  // namespace ashlar::component
