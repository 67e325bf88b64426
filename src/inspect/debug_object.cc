// Assembly of debug objects.
#include "inspect/debug_object.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "inspect/bytes.h"
#include "inspect/dwarf_writer.h"
#include "inspect/unwind_table.h"

namespace ashlar::inspect {

namespace {

using native::Image;

Elf64_Shdr section(uint32_t type, uint64_t flags = 0) {
  Elf64_Shdr out = {};
  out.sh_type = type;
  out.sh_flags = flags;
  out.sh_addralign = 1;
  return out;
}

/// An object: the header, contents of sections, the headers of sections.
class Object {
 public:
  explicit Object(uint16_t machine) : machine_(machine), headers_(1) {
    out_.put(Elf64_Ehdr{});
    names_.byte(0);
  }

  size_t count() const { return headers_.size(); }

  /// Returns where its content is.
  size_t add(std::string_view name, Elf64_Shdr header, std::span<const uint8_t> content) {
    constexpr size_t kAlignment = 8;
    out_.pad_to(kAlignment);
    header.sh_name = static_cast<Elf64_Word>(names_.size());
    names_.text(name);
    header.sh_offset = out_.size();
    if (header.sh_type != SHT_NOBITS) header.sh_size = content.size();
    out_.append(content);
    headers_.push_back(header);
    return header.sh_offset;
  }

  std::vector<uint8_t> finish() {
    Bytes names = names_;
    names.text(".shstrtab");
    add(".shstrtab", section(SHT_STRTAB), names.bytes());
    out_.pad_to(alignof(Elf64_Shdr));
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = machine_;
    header.e_version = EV_CURRENT;
    header.e_shoff = out_.size();
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(headers_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(headers_.size() - 1);
    out_.set(0, header);
    for (const Elf64_Shdr& row : headers_) out_.put(row);
    return out_.take();
  }

 private:
  uint16_t machine_;
  Bytes out_;
  Bytes names_;
  std::vector<Elf64_Shdr> headers_;
};

constexpr uint16_t kTextSection = 1;

void add_text(Object& out, const Image& image) {
  Elf64_Shdr text = section(SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR);
  text.sh_addr = reinterpret_cast<uint64_t>(image.code());
  text.sh_size = image.text_size();
  out.add(".text", text, {});
}

void add_symbols(Object& out, std::span<const Function> functions) {
  Bytes symbols;
  Bytes names;
  names.byte(0);
  symbols.put(Elf64_Sym{});
  for (const Function& function : functions) {
    Elf64_Sym symbol = {};
    symbol.st_name = static_cast<Elf64_Word>(names.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = kTextSection;
    symbol.st_value = function.address();
    symbol.st_size = function.code.size();
    symbols.put(symbol);
    names.text(function.name);
  }
  Elf64_Shdr table = section(SHT_SYMTAB);
  table.sh_link = static_cast<Elf64_Word>(out.count() + 1);  // the next section
  table.sh_info = 1;                                         // the first that is not local
  table.sh_entsize = sizeof(Elf64_Sym);
  out.add(".symtab", table, symbols.bytes());
  out.add(".strtab", section(SHT_STRTAB), names.bytes());
}

}  // namespace

std::vector<uint8_t> make_debug_object(const Image& image, const module::Module& m, std::span<const Function> functions,
                                       const native::SourceLines& lines) {
  Object object(image.target().arch == native::Arch::X86_64 ? EM_X86_64 : EM_AARCH64);
  add_text(object, image);
  // Its rows count from where it lies itself: written again when that is known, with the same size.
  const size_t frames_section = object.count();
  const Bytes draft = eh_frame(image, functions, 0);
  const size_t frames = object.add(".eh_frame", section(SHT_PROGBITS, SHF_ALLOC), draft.bytes());
  const Dwarf dwarf = write_dwarf(image, m, functions, lines);
  if (dwarf.info.size() != 0) {
    object.add(".debug_abbrev", section(SHT_PROGBITS), dwarf.abbrev.bytes());
    object.add(".debug_info", section(SHT_PROGBITS), dwarf.info.bytes());
    object.add(".debug_line", section(SHT_PROGBITS), dwarf.line.bytes());
    object.add(".debug_ranges", section(SHT_PROGBITS), dwarf.ranges.bytes());
  }
  add_symbols(object, functions);
  std::vector<uint8_t> out = object.finish();
  const uint64_t address = reinterpret_cast<uint64_t>(out.data()) + frames;
  std::ranges::copy(eh_frame(image, functions, address).bytes(), out.begin() + static_cast<ptrdiff_t>(frames));
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(out.data());
  auto* sections = reinterpret_cast<Elf64_Shdr*>(out.data() + header->e_shoff);
  sections[frames_section].sh_addr = address;
  return out;
}

}  // namespace ashlar::inspect
