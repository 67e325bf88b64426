// Places the sections of all objects, applies their relocations and joins their tables.
#include "optimizing/link.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/Object/ELF.h>
#include <llvm/Support/Error.h>

#include <algorithm>
#include <limits>

#include "optimizing/relocation.h"

namespace ashlar::optimizing {

namespace {

namespace elf = llvm::ELF;
using Elf = llvm::object::ELF64LE;
using File = llvm::object::ELFFile<Elf>;

constexpr uint64_t kDropped = ~uint64_t{0};
constexpr uint64_t kMaxCode = uint64_t{1} << 31;  // what a 32-bit displacement reaches

std::unexpected<Error> failed(std::string what) {
  return make_error(ErrorCode::compiler_failed, kNoOffset, "linking: " + std::move(what));
}

template <class T>
Result<T> take(llvm::Expected<T> value) {
  if (value) return std::move(*value);
  return failed(llvm::toString(value.takeError()));
}

/// One object while it is linked.
struct Object {
  explicit Object(File f) : file(std::move(f)) {}

  File file;
  Elf::ShdrRange sections;
  Elf::SymRange symbols;
  llvm::StringRef names;             ///< of symbols
  std::vector<uint64_t> offsets;     ///< by section: where it lies in the code
  llvm::StringMap<uint32_t> labels;  ///< defined symbols by name, local ones too
};

class Linker {
 public:
  explicit Linker(native::ImageParts& parts) : parts_(parts) {}

  Status run(std::span<ObjectCode> codes, size_t imported, size_t defined);

 private:
  Status open(const ObjectCode& code);
  Status read_symbols(Object& object);
  Status place_sections(bool text);
  Status place_section(Object& object, const Elf::Shdr& section);
  Status relocate_all(Object& object);
  Status relocate_section(Object& object, const Elf::Shdr& relocations);
  Result<uint64_t> address(const Object& object, uint32_t symbol);
  Status add_function(const Object& object, EmittedFunction& function);
  void sort_tables();

  struct Row {
    native::FrameRow frame;
    std::vector<native::PadRow> pads;
    std::vector<native::Place> places;
  };

  native::ImageParts& parts_;
  std::vector<Object> objects_;
  llvm::StringMap<uint64_t> globals_;
  native::Arch arch_ = native::Arch::X86_64;
  size_t imported_ = 0;
  std::vector<Row> rows_;
};

// Unwinding tables are ours; what is writable would be data of the process, which compiled code does not have.
bool is_kept(const Elf::Shdr& section, llvm::StringRef name) {
  if ((section.sh_flags & elf::SHF_ALLOC) == 0 || (section.sh_flags & elf::SHF_WRITE) != 0) return false;
  if (section.sh_type != elf::SHT_PROGBITS || section.sh_size == 0) return false;
  return !name.starts_with(".eh_frame") && !name.starts_with(".gcc_except_table") && !name.starts_with(".note");
}

Status Linker::open(const ObjectCode& code) {
  TRY_ASSIGN(File file, take(File::create(llvm::StringRef(code.elf.data(), code.elf.size()))));
  Object& object = objects_.emplace_back(std::move(file));
  const auto machine = object.file.getHeader().e_machine;
  if (machine != elf::EM_X86_64 && machine != elf::EM_AARCH64) return failed("unknown machine");
  arch_ = machine == elf::EM_X86_64 ? native::Arch::X86_64 : native::Arch::Aarch64;
  TRY_ASSIGN(object.sections, take(object.file.sections()));
  object.offsets.assign(object.sections.size(), kDropped);
  return {};
}

Status Linker::place_sections(bool text) {
  for (Object& object : objects_) {
    for (const Elf::Shdr& section : object.sections) {
      TRY_ASSIGN(const llvm::StringRef name, take(object.file.getSectionName(section)));
      const bool executable = (section.sh_flags & elf::SHF_EXECINSTR) != 0;
      if (executable == text && is_kept(section, name)) TRY(place_section(object, section));
    }
  }
  return {};
}

Status Linker::place_section(Object& object, const Elf::Shdr& section) {
  constexpr uint8_t kX86Filler = 0xcc;  // int3
  const uint64_t alignment = std::max<uint64_t>(section.sh_addralign, 1);
  const uint64_t offset = (parts_.code.size() + alignment - 1) / alignment * alignment;
  if (alignment > 4096 || offset + section.sh_size > kMaxCode) return failed("the code is too large");
  parts_.code.resize(offset, arch_ == native::Arch::X86_64 ? kX86Filler : 0);
  TRY_ASSIGN(const llvm::ArrayRef<uint8_t> bytes, take(object.file.getSectionContents(section)));
  parts_.code.insert(parts_.code.end(), bytes.begin(), bytes.end());
  object.offsets[static_cast<size_t>(&section - object.sections.begin())] = offset;
  return {};
}

Status Linker::read_symbols(Object& object) {
  const auto table = std::ranges::find(object.sections, uint32_t{elf::SHT_SYMTAB},
                                       [](const Elf::Shdr& section) -> uint32_t { return section.sh_type; });
  if (table == object.sections.end()) return {};
  TRY_ASSIGN(object.symbols, take(object.file.symbols(&*table)));
  TRY_ASSIGN(object.names, take(object.file.getStringTableForSymtab(*table)));
  for (uint32_t i = 1; i < object.symbols.size(); ++i) {
    const Elf::Sym& symbol = object.symbols[i];
    if (symbol.st_shndx == elf::SHN_UNDEF || symbol.st_shndx >= object.sections.size()) continue;
    TRY_ASSIGN(const llvm::StringRef name, take(symbol.getName(object.names)));
    if (name.empty() || object.offsets[symbol.st_shndx] == kDropped) continue;
    object.labels[name] = i;
    if (symbol.getBinding() == elf::STB_LOCAL) continue;
    const uint64_t at = object.offsets[symbol.st_shndx] + symbol.st_value;
    const bool is_new = globals_.try_emplace(name, at).second;
    if (!is_new && symbol.getBinding() != elf::STB_WEAK) return failed("'" + name.str() + "' is defined twice");
  }
  return {};
}

// Where a symbol lies in the code.
Result<uint64_t> Linker::address(const Object& object, uint32_t index) {
  if (index >= object.symbols.size()) return failed("a relocation without a symbol");
  const Elf::Sym& symbol = object.symbols[index];
  TRY_ASSIGN(const llvm::StringRef name, take(symbol.getName(object.names)));
  if (symbol.getBinding() != elf::STB_LOCAL) {
    const auto found = globals_.find(name);
    if (found == globals_.end()) return failed("'" + name.str() + "' is undefined");
    return found->second;
  }
  const uint32_t section = symbol.st_shndx;
  if (section >= object.sections.size() || object.offsets[section] == kDropped) {
    TRY_ASSIGN(const llvm::StringRef dropped, take(object.file.getSectionName(object.sections[section])));
    return failed("'" + name.str() + "' is in section '" + dropped.str() + "', which compiled code cannot have");
  }
  return object.offsets[section] + symbol.st_value;
}

Status Linker::relocate_all(Object& object) {
  for (const Elf::Shdr& section : object.sections) {
    if (section.sh_type != elf::SHT_RELA || section.sh_info >= object.sections.size()) continue;
    if (object.offsets[section.sh_info] != kDropped) TRY(relocate_section(object, section));
  }
  return {};
}

Status Linker::relocate_section(Object& object, const Elf::Shdr& relocations) {
  const uint64_t base = object.offsets[relocations.sh_info];
  TRY_ASSIGN(const Elf::RelaRange rows, take(object.file.relas(relocations)));
  for (const Elf::Rela& row : rows) {
    TRY_ASSIGN(const uint64_t symbol, address(object, row.getSymbol(false)));
    const uint32_t type = row.getType(false);
    const uint64_t target = symbol + static_cast<uint64_t>(int64_t{row.r_addend});
    const Relocated done = relocate(arch_, type, parts_.code, base + row.r_offset, target);
    if (done == Relocated::Yes) continue;
    const std::string name = object.file.getRelocationTypeName(type).str();
    switch (done) {
      case Relocated::UnknownType:
        return failed("relocation " + name + " is not possible in position-independent code");
      case Relocated::OutOfRange:
        return failed("relocation " + name + " does not reach: the code is too large");
      default:
        return failed("relocation " + name + " is outside the code");
    }
  }
  return {};
}

Status Linker::add_function(const Object& object, EmittedFunction& function) {
  const auto label = object.labels.find(function.symbol);
  if (label == object.labels.end()) return failed("function '" + function.symbol + "' is not in its object");
  // Not by name: a weak definition that another object's has replaced is still code, with its own frame.
  const Elf::Sym& symbol = object.symbols[label->second];
  const auto base = static_cast<uint32_t>(object.offsets[symbol.st_shndx] + symbol.st_value);
  Row row{function.frame, std::move(function.pads), std::move(function.places)};
  row.frame.begin = base;
  row.frame.end += base;
  for (native::PadRow& pad : row.pads) {
    pad.begin += base;
    pad.end += base;
    pad.pad += base;
  }
  for (native::Place& place : row.places) place.at += base;
  if (row.frame.func != kNoFunc && !function.inner) {
    const size_t index = row.frame.func - imported_;
    if (row.frame.func < imported_ || index >= parts_.entries.size()) return failed("a function has a wrong number");
    if (function.loop != 0) {
      parts_.loops.push_back({row.frame.func, function.loop, base});
    } else if (parts_.entries[index] != 0) {
      return failed("function " + std::to_string(row.frame.func) + " is there twice");
    } else {
      parts_.entries[index] = base + 1;
    }
  }
  rows_.push_back(std::move(row));
  return {};
}

void Linker::sort_tables() {
  std::ranges::sort(rows_, {}, [](const Row& row) { return row.frame.begin; });
  for (Row& row : rows_) {
    parts_.frames.push_back(row.frame);
    parts_.pads.push_back(std::move(row.pads));
    parts_.places.push_back(std::move(row.places));
  }
}

Status Linker::run(std::span<ObjectCode> codes, size_t imported, size_t defined) {
  imported_ = imported;
  parts_.entries.assign(defined, 0);
  objects_.reserve(codes.size());
  for (const ObjectCode& code : codes) TRY(open(code));
  TRY(place_sections(true));
  parts_.text_size = static_cast<uint32_t>(parts_.code.size());
  TRY(place_sections(false));
  for (Object& object : objects_) TRY(read_symbols(object));
  for (Object& object : objects_) TRY(relocate_all(object));
  for (size_t i = 0; i < codes.size(); ++i) {
    for (EmittedFunction& function : codes[i].functions) TRY(add_function(objects_[i], function));
  }
  sort_tables();
  for (ObjectCode& code : codes) code = {};
  return {};
}

}  // namespace

Status link(std::span<ObjectCode> objects, size_t imported_funcs, size_t defined_funcs, native::ImageParts& parts) {
  return Linker(parts).run(objects, imported_funcs, defined_funcs);
}

}  // namespace ashlar::optimizing
