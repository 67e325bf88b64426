// Components for objdump; see dump_component.h.
#include "cli/dump_component.h"

#include <algorithm>
#include <vector>

#include "base/byte_reader.h"
#include "binary/decode.h"
#include "cli/disassemble.h"
#include "cli/output.h"
#include "cli/sections.h"
#include "component/text/print.h"

namespace ashlar::cli {

namespace {

using component::Component;
using component::Definition;

constexpr const char* kNames[] = {"Custom", "CoreModule", "CoreInstance", "CoreType", "Component", "Instance", "Alias",
                                  "Type",   "Canon",      "Start",        "Import",   "Export",    "Value"};
constexpr uint8_t kCustom = 0, kCoreModule = 1, kComponent = 4, kStart = 9;
constexpr size_t kPreambleBytes = 8;

/// A section in the order of the file. Offsets are from the outermost component's begin.
struct Row {
  uint32_t depth;  ///< of its component
  uint8_t id;
  SectionRow section;
  std::vector<std::string> definitions;             ///< as text
  std::shared_ptr<const module::Module> core = {};  ///< of a core module section
};

/// Takes a component's sections apart. The bytes decoded: framing is as it should be.
class Lister {
 public:
  Lister(const LoadedComponent& loaded, const runtime::Config& config) : loaded_(loaded), config_(config) {}

  Status list(const Component& c, uint32_t depth) {
    TRY_ASSIGN(std::vector<std::string> texts, component::print_definitions(c));
    const size_t begin = static_cast<size_t>(c.bytes.data() - loaded_.bytes.data());
    base::ByteReader in(loaded_.bytes, begin + kPreambleBytes, begin + c.bytes.size());
    for (size_t def = 0; in.ok() && !in.at_end();) {
      const uint8_t id = in.u8();
      const uint32_t size = in.leb_u32();
      const size_t at = in.pos();
      const auto end = static_cast<uint32_t>(at + size);
      const size_t first = def;
      // The name section may have become names in place of a definition.
      while (def < c.defs.size() && c.defs[def].offset < end) ++def;
      Row row{depth, id, {id, kNames[id], static_cast<uint32_t>(at), size, entries(id, at)}, {}};
      if (id == kCustom) row.section = custom(at, end);
      std::move(texts.begin() + static_cast<ptrdiff_t>(first), texts.begin() + static_cast<ptrdiff_t>(def),
                std::back_inserter(row.definitions));
      const Definition* const nested = first < def ? &c.defs[first] : nullptr;
      if (id == kCoreModule && nested != nullptr) {
        TRY_ASSIGN(row.core, core_module(*nested));
      }
      rows.push_back(std::move(row));
      if (id == kComponent && nested != nullptr) {
        TRY(list(*std::get<std::unique_ptr<Component>>(nested->def), depth + 1));
      }
      in.seek(end);
    }
    return in.status();
  }

  std::vector<Row> rows;

 private:
  /// Entries of a section's list; 0 where there is none.
  size_t entries(uint8_t id, size_t at) const {
    if (id == kCustom || id == kCoreModule || id == kComponent || id == kStart) return 0;
    return base::ByteReader(loaded_.bytes, at, loaded_.bytes.size()).leb_u32();
  }

  SectionRow custom(size_t at, uint32_t end) const {
    base::ByteReader in(loaded_.bytes, at, end);
    const std::span<const uint8_t> name = in.take(in.leb_u32());
    const auto contents = static_cast<uint32_t>(in.pos());
    return {kCustom, printable({reinterpret_cast<const char*>(name.data()), name.size()}), contents, end - contents, 0};
  }

  Result<std::shared_ptr<const module::Module>> core_module(const Definition& def) const {
    const auto& core = std::get<component::CoreModuleDef>(def.def);
    TRY_ASSIGN(auto decoded, binary::decode(core.bytes, core.storage, {config_.features, config_.limits}));
    return std::shared_ptr<const module::Module>(std::move(decoded));
  }

  const LoadedComponent& loaded_;
  const runtime::Config& config_;
};

std::string header(const Row& row) {
  const SectionRow& s = row.section;
  std::string out(size_t{2} * std::min(row.depth, 50u), ' ');
  out += strf("%12s start=0x%08x end=0x%08x (size=0x%08x)", kNames[row.id], s.offset, s.offset + s.size, s.size);
  if (row.id == kCustom) out += " \"" + s.name + "\"";
  const bool is_list = row.id != kCustom && row.id != kCoreModule && row.id != kComponent && row.id != kStart;
  if (is_list) out += strf(" count: %zu", s.count);
  return out + "\n";
}

/// "CoreModule at 0x10"
std::string title(const Row& row) { return strf("CoreModule at 0x%08x", row.section.offset); }

/// Sections of a core module, with offsets from the component's begin.
std::vector<SectionRow> core_sections(const Row& row, std::string_view only) {
  std::vector<SectionRow> out = list_sections(*row.core, only);
  for (SectionRow& section : out) section.offset += row.section.offset;
  return out;
}

void show_headers(const std::vector<Row>& rows, std::string_view only) {
  std::string out = "\nSections:\n\n";
  for (const Row& row : rows) {
    if (is_called(row.section, only)) out += header(row);
    if (row.core == nullptr) continue;
    // Titles of core sections have three columns less.
    const std::string indent(3 + size_t{2} * std::min(row.depth + 1, 50u), ' ');
    for (const SectionRow& section : core_sections(row, only)) out += indent + section_header(section);
  }
  write_all(kStdout, out);
}

void show_details(const std::vector<Row>& rows, std::string_view only, isa::Features features) {
  write_all(kStdout, "\nSection Details:\n");
  for (const Row& row : rows) {
    std::string out;
    if (is_called(row.section, only)) {
      out += row.id == kCustom ? "Custom:\n - name: \"" + row.section.name + "\"\n"
                               : std::string(kNames[row.id]) + strf("[%zu]:\n", row.definitions.size());
      if (row.id != kCustom) {
        for (const std::string& text : row.definitions) out += " - " + text + "\n";
      }
    }
    if (row.core != nullptr) {
      std::string inner;
      for (const SectionRow& section : list_sections(*row.core, only)) {
        inner += section_details(*row.core, section, features);
      }
      if (!inner.empty()) out += "\n" + title(row) + ":\n" + inner + "\n";
    }
    if (!write_all(kStdout, out)) return;
  }
}

void show_bytes(const std::vector<Row>& rows, std::string_view only, std::span<const uint8_t> all) {
  for (const Row& row : rows) {
    // What components and core modules hold comes section by section.
    const bool is_leaf = row.id != kComponent && row.id != kCoreModule;
    if (is_leaf && is_called(row.section, only)) write_all(kStdout, section_bytes(all, row.section));
    if (row.core == nullptr) continue;
    for (const SectionRow& section : core_sections(row, only)) write_all(kStdout, section_bytes(all, section));
  }
}

}  // namespace

Status dump_component(const LoadedComponent& component, const runtime::Config& config, const ComponentDump& what) {
  Lister lister(component, config);
  TRY(lister.list(*component.component, 0));
  if (what.headers) show_headers(lister.rows, what.only);
  if (what.details) show_details(lister.rows, what.only, config.features);
  for (const Row& row : lister.rows) {
    if (!what.disassemble || row.core == nullptr) continue;
    write_all(kStdout, "\n" + title(row) + ":\n");
    write_disassembly(*row.core, config.features);
  }
  if (what.full) show_bytes(lister.rows, what.only, component.bytes);
  return {};
}

}  // namespace ashlar::cli
