// DWARF by LLVM's reader.
#include "optimizing/source_lines.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/DebugInfo/DIContext.h>
#include <llvm/DebugInfo/DWARF/DWARFCompileUnit.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Demangle/Demangle.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace ashlar::optimizing {

namespace {

using native::SourceFrame;
using native::SourceLines;
using native::SourceUnit;

constexpr uint8_t kCodeSection = 10;

class Reader {
 public:
  explicit Reader(const module::Module& m) {
    llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> sections;
    for (const module::CustomSection& section : m.customs) {
      constexpr std::string_view kPrefix = ".debug_";
      if (!section.name.starts_with(kPrefix)) continue;
      const std::string_view name = section.name.substr(1);
      const auto* bytes = reinterpret_cast<const char*>(m.bytes.data()) + section.contents_offset;
      sections.try_emplace({name.data(), name.size()},
                           llvm::MemoryBuffer::getMemBuffer({bytes, section.contents_size}, "", false));
    }
    for (const module::SectionInfo& section : m.sections) {
      if (section.id == kCodeSection) code_ = section.offset;
    }
    constexpr uint8_t kAddressSize = 4;  // each unit says its own
    // Complaints have no reader: what is broken is left out.
    const auto ignore = [](llvm::Error e) { llvm::consumeError(std::move(e)); };
    dwarf_ = llvm::DWARFContext::create(sections, kAddressSize, true, ignore, ignore);
    out_.strings.emplace_back();
    strings_.emplace("", 0);
  }

  SourceLines run(std::span<const uint32_t> offsets) {
    for (const uint32_t offset : offsets) {
      if (offset >= code_) add(offset);
    }
    return std::move(out_);
  }

 private:
  // Addresses of a module's DWARF count from the contents of its code section.
  void add(uint32_t offset) {
    const uint64_t address = offset - code_;
    llvm::DWARFCompileUnit* unit = dwarf_->getCompileUnitForCodeAddress(address);
    if (unit == nullptr) return;
    using Specifier = llvm::DILineInfoSpecifier;
    const uint32_t number = unit_number(*unit);
    const Specifier wanted(Specifier::FileLineInfoKind::AbsoluteFilePath, name_kind(out_.units[number].language));
    const llvm::DIInliningInfo frames =
        dwarf_->getInliningInfoForAddress({address, llvm::object::SectionedAddress::UndefSection}, wanted);
    const uint32_t count = std::min(frames.getNumberOfFrames(), native::kMostSourceFrames);
    if (count == 0 || frames.getFrame(count - 1).FunctionName == llvm::DILineInfo::BadString) return;
    out_.rows.push_back({offset, number, static_cast<uint32_t>(out_.frames.size()), count});
    for (uint32_t i = 0; i < count; ++i) out_.frames.push_back(frame(frames.getFrame(i)));
  }

  // Languages without name spaces mangle for the linker alone (C's main).
  static llvm::DINameKind name_kind(uint32_t language) {
    switch (language) {
      case llvm::dwarf::DW_LANG_C:
      case llvm::dwarf::DW_LANG_C89:
      case llvm::dwarf::DW_LANG_C99:
      case llvm::dwarf::DW_LANG_C11:
      case llvm::dwarf::DW_LANG_C17:
        return llvm::DINameKind::ShortName;
      default:
        return llvm::DINameKind::LinkageName;
    }
  }

  SourceFrame frame(const llvm::DILineInfo& info) {
    const auto text = [](const std::string& s) { return s == llvm::DILineInfo::BadString ? std::string() : s; };
    const std::string linkage = text(info.FunctionName);
    std::string name = llvm::demangle(linkage);
    const bool mangled = name != linkage;
    return {.function = string(name),
            .linkage = mangled ? string(linkage) : 0,
            .file = string(text(info.FileName)),
            .line = info.Line,
            .start_file = string(text(info.StartFileName)),
            .start_line = info.StartLine};
  }

  uint32_t unit_number(llvm::DWARFCompileUnit& unit) {
    const auto [found, is_new] = units_.try_emplace(&unit, static_cast<uint32_t>(out_.units.size()));
    if (!is_new) return found->second;
    const llvm::DWARFDie die = unit.getUnitDIE();
    const auto text = [&](llvm::dwarf::Attribute attribute) {
      return string(llvm::dwarf::toString(die.find(attribute), ""));
    };
    SourceUnit row = {};
    row.name = text(llvm::dwarf::DW_AT_name);
    row.directory = text(llvm::dwarf::DW_AT_comp_dir);
    row.producer = text(llvm::dwarf::DW_AT_producer);
    row.language = static_cast<uint32_t>(llvm::dwarf::toUnsigned(die.find(llvm::dwarf::DW_AT_language), 0)) & 0xffff;
    out_.units.push_back(row);
    return found->second;
  }

  uint32_t string(std::string text) {
    const auto [found, is_new] = strings_.try_emplace(std::move(text), static_cast<uint32_t>(out_.strings.size()));
    if (is_new) out_.strings.push_back(found->first);
    return found->second;
  }

  uint32_t code_ = 0;
  std::unique_ptr<llvm::DWARFContext> dwarf_;
  SourceLines out_;
  std::unordered_map<std::string, uint32_t> strings_;
  std::unordered_map<const llvm::DWARFCompileUnit*, uint32_t> units_;
};

}  // namespace

SourceLines read_source_lines(const module::Module& m, std::span<const uint32_t> offsets) {
  return Reader(m).run(offsets);
}

}  // namespace ashlar::optimizing
