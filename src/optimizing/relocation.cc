// The relocations that position-independent code of the small model has.
#include "optimizing/relocation.h"

#include <llvm/BinaryFormat/ELF.h>

#include <cstring>

namespace ashlar::optimizing {

namespace {

namespace elf = llvm::ELF;

bool fits_signed(int64_t value, unsigned bits) {
  const int64_t limit = int64_t{1} << (bits - 1);
  return value >= -limit && value < limit;
}

class Patch {
 public:
  Patch(std::span<uint8_t> code, uint64_t place, uint64_t target)
      : code_(code), place_(place), target_(target), delta_(static_cast<int64_t>(target - place)) {}

  // The distance itself, as a datum or the end of an x86-64 instruction.
  Relocated distance(unsigned bytes) {
    if (!has(bytes)) return Relocated::OutOfSection;
    if (bytes < 8 && !fits_signed(delta_, 8 * bytes)) return Relocated::OutOfRange;
    std::memcpy(code_.data() + place_, &delta_, bytes);
    return Relocated::Yes;
  }

  // aarch64: `bits` bits of the distance in instructions, at bit `at` of the instruction.
  Relocated branch(unsigned bits, unsigned at) {
    if (delta_ % 4 != 0 || !fits_signed(delta_, bits + 2)) return Relocated::OutOfRange;
    return field(static_cast<uint64_t>(delta_ / 4), bits, at);
  }

  // aarch64: the low 12 bits of the address, in units of the access. Code is aligned to pages.
  Relocated low12(unsigned shift) {
    if ((target_ & ((uint64_t{1} << shift) - 1)) != 0) return Relocated::OutOfRange;
    return field((target_ & 0xfff) >> shift, 12, 10);
  }

  // aarch64: adr and adrp have their 21 bits in two pieces.
  Relocated address(int64_t value) {
    if (!fits_signed(value, 21)) return Relocated::OutOfRange;
    const auto bits = static_cast<uint64_t>(value);
    const Relocated low = field(bits & 3, 2, 29);
    return low == Relocated::Yes ? field(bits >> 2, 19, 5) : low;
  }
  Relocated page() { return address(static_cast<int64_t>(target_ >> 12) - static_cast<int64_t>(place_ >> 12)); }
  Relocated near_address() { return address(delta_); }

 private:
  bool has(unsigned bytes) const { return place_ <= code_.size() && code_.size() - place_ >= bytes; }

  Relocated field(uint64_t value, unsigned bits, unsigned at) {
    if (!has(4)) return Relocated::OutOfSection;
    const uint32_t mask = ((uint32_t{1} << bits) - 1) << at;
    uint32_t instr = 0;
    std::memcpy(&instr, code_.data() + place_, 4);
    instr = (instr & ~mask) | (static_cast<uint32_t>(value << at) & mask);
    std::memcpy(code_.data() + place_, &instr, 4);
    return Relocated::Yes;
  }

  std::span<uint8_t> code_;
  uint64_t place_;
  uint64_t target_;
  int64_t delta_;
};

Relocated relocate_x86(uint32_t type, Patch patch) {
  switch (type) {
    case elf::R_X86_64_NONE:
      return Relocated::Yes;
    case elf::R_X86_64_PC32:
    case elf::R_X86_64_PLT32:
      return patch.distance(4);
    case elf::R_X86_64_PC64:
      return patch.distance(8);
    default:
      return Relocated::UnknownType;
  }
}

Relocated relocate_aarch64(uint32_t type, Patch patch) {
  switch (type) {
    case elf::R_AARCH64_NONE:
      return Relocated::Yes;
    case elf::R_AARCH64_CALL26:
    case elf::R_AARCH64_JUMP26:
      return patch.branch(26, 0);
    case elf::R_AARCH64_CONDBR19:
    case elf::R_AARCH64_LD_PREL_LO19:
      return patch.branch(19, 5);
    case elf::R_AARCH64_TSTBR14:
      return patch.branch(14, 5);
    case elf::R_AARCH64_ADR_PREL_LO21:
      return patch.near_address();
    case elf::R_AARCH64_ADR_PREL_PG_HI21:
      return patch.page();
    case elf::R_AARCH64_ADD_ABS_LO12_NC:
    case elf::R_AARCH64_LDST8_ABS_LO12_NC:
      return patch.low12(0);
    case elf::R_AARCH64_LDST16_ABS_LO12_NC:
      return patch.low12(1);
    case elf::R_AARCH64_LDST32_ABS_LO12_NC:
      return patch.low12(2);
    case elf::R_AARCH64_LDST64_ABS_LO12_NC:
      return patch.low12(3);
    case elf::R_AARCH64_LDST128_ABS_LO12_NC:
      return patch.low12(4);
    case elf::R_AARCH64_PREL16:
      return patch.distance(2);
    case elf::R_AARCH64_PREL32:
    case elf::R_AARCH64_PLT32:
      return patch.distance(4);
    case elf::R_AARCH64_PREL64:
      return patch.distance(8);
    default:
      return Relocated::UnknownType;
  }
}

}  // namespace

Relocated relocate(native::Arch arch, uint32_t type, std::span<uint8_t> code, uint64_t place, uint64_t target) {
  const Patch patch(code, place, target);
  return arch == native::Arch::X86_64 ? relocate_x86(type, patch) : relocate_aarch64(type, patch);
}

}  // namespace ashlar::optimizing
