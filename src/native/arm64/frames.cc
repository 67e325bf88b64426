// AArch64: finding callers by frame records, and what the instruction at a fault says.
#if defined(__aarch64__)

#include <bit>
#include <cstring>

#include "native/arch.h"

namespace ashlar::native {

namespace {

constexpr uint32_t kLink = 10;  ///< of the saved registers, x30

/// The register `index` of the order in SavedMasks; null when the frame does not hold it.
const uint8_t* saved_at(const SavedMasks& masks, const uint8_t* cfa, uint32_t index) {
  const uint32_t bit = uint32_t{1} << index;
  if ((masks.registers & bit) == 0) return nullptr;
  uint32_t slots = masks.slots;
  for (int before = std::popcount(masks.registers & (bit - 1)); before > 0; --before) slots &= slots - 1;
  return slots == 0 ? nullptr : cfa - 8 * (std::countr_zero(slots) + 1);
}

// Instructions that move the stack pointer (register 31 as base), in the forms that prologues and epilogues have.
struct Instruction {
  uint32_t bits;

  uint32_t field(unsigned at, unsigned width) const { return bits >> at & ((1u << width) - 1); }
  uint32_t destination() const { return field(0, 5); }
  uint32_t base() const { return field(5, 5); }
  int64_t immediate12() const { return int64_t{field(10, 12)} << (field(22, 1) * 12); }
  static int64_t sign_extend(uint32_t v, unsigned width) {
    return static_cast<int64_t>(uint64_t{v} << (64 - width)) >> (64 - width);
  }

  bool is_subtract() const { return (bits & 0xff800000) == 0xd1000000; }  // sub xd, xn, #imm
  /// sub sp, sp, #imm, or a store with pre-index: how far down. 0: neither.
  int64_t descent() const {
    if (base() != 31) return 0;
    if (is_subtract() && destination() == 31) return immediate12();
    const bool pair = (bits & 0xfbc00000) == 0xa9800000 || (bits & 0xffc00000) == 0x6d800000;
    if (pair) return -8 * sign_extend(field(15, 7), 7);
    if ((bits & 0xfbe00c00) == 0xf8000c00) return -sign_extend(field(12, 9), 9);  // x or d
    return 0;
  }
  /// Whether what stands in front of it belongs to another path, or to a body that has its frame.
  bool ends_path() const {
    if ((bits & 0x7c000000) == 0x14000000) return true;                                         // b, bl
    if ((bits & 0xfe000000) == 0xd6000000) return true;                                         // br, blr, ret
    if ((bits & 0xffe0001f) == 0xd4200000) return true;                                         // brk
    if ((bits & 0xff800000) == 0x91000000 && base() == 31 && destination() == 31) return true;  // add sp, sp, #imm
    if (base() != 31) return false;
    return (bits & 0xbbc00000) == 0xa8c00000 || (bits & 0xfbe00c00) == 0xf8400400;  // ldp, ldr with post-index
  }
  bool is_conditional_branch() const { return (bits & 0xff000010) == 0x54000000; }
};

Instruction instruction_at(const uint8_t* pc) {
  uint32_t bits;
  std::memcpy(&bits, pc, sizeof bits);
  return {bits};
}

// Whether the fault stands in a prologue, or straight behind one, and where the caller's stack pointer is then. Large
// frames are probed by
//   sub x9, sp, #size; loop: sub sp, sp, #4096; cmp sp, x9; str xzr, [sp]; b.ne loop
struct Prologue {
  bool is_one;
  const uint8_t* cfa;
};

Prologue prologue_at(const uint8_t* begin, const os::Fault& fault) {
  const auto* sp = static_cast<const uint8_t*>(fault.sp);
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  const uint8_t* at = pc;
  while (at > begin && !instruction_at(at - 4).ends_path()) at -= 4;
  const bool from_start = at == begin;
  int64_t depth = 0;
  int64_t loop = 0;  ///< the size that is being probed
  for (; at < pc; at += 4) {
    const Instruction instr = instruction_at(at);
    const bool to_x9 = instr.is_subtract() && instr.destination() == 9;
    if (to_x9 && (instr.base() == 31 || (loop != 0 && instr.base() == 9))) {
      loop += instr.immediate12();
    } else if (loop == 0) {
      depth += instr.descent();
    } else if (instr.is_conditional_branch()) {
      depth += loop;
      loop = 0;
    }
  }
  if (loop != 0) return {true, static_cast<const uint8_t*>(fault.probe_end) + depth + loop};
  return {depth != 0 || from_start, sp + depth};
}

}  // namespace

Site caller_of(const FrameRow& row, const Site& site) {
  const uint8_t* cfa = cfa_of(row, site.sp);
  const uint8_t* link = saved_at(row.saved_aarch64, cfa, kLink);
  return {link == nullptr ? nullptr : pointer_at(link), cfa};
}

void step_out(const FrameRow& row, Registers& r) {
  const uint8_t* cfa = cfa_of(row, reinterpret_cast<const uint8_t*>(r.sp));
  r.saved[kLink] = 0;  // unless it is saved, nothing returns to this frame
  for (uint32_t i = 0; i < kSavedRegisters; ++i) {
    if (const uint8_t* at = saved_at(row.saved_aarch64, cfa, i)) r.saved[i] = word_at(at);
  }
  r.pc = r.saved[kLink];
  r.sp = reinterpret_cast<uint64_t>(cfa);
}

// Accesses and traps have places that say whether there is a frame. Without a place it is the stack's guard that was
// met, before the function has called anything, or an alarm came, anywhere. In a prologue x30 still is the return
// address; behind it the frame has it. (What uses x30 for something else before, and an epilogue, end the backtrace,
// which alone depends on it.)
Site caller_at_fault(const Image& image, const FrameRow& row, const os::Fault& fault, const GuestStack& stack) {
  const auto* sp = static_cast<const uint8_t*>(fault.sp);
  const auto in_body = [&]() -> Site {
    if (!stack.contains(sp) || !stack.contains(cfa_of(row, sp) - 1)) return {};
    const Site caller = caller_of(row, {fault.pc, sp});
    return caller.pc != nullptr ? caller : Site{fault.link, caller.sp};
  };
  if (const std::optional<Place> place = image.find_place(row, fault.pc)) {
    return place->frameless ? Site{fault.link, sp} : in_body();
  }
  const Prologue prologue = prologue_at(image.code() + row.begin, fault);
  return prologue.is_one ? Site{fault.link, prologue.cfa} : in_body();
}

Site caller_at_entry(const os::Fault& fault) { return {fault.link, static_cast<const uint8_t*>(fault.sp)}; }

// The record before the helper's own is the entry's, which lies at the end of the caller's frame.
Site caller_of_helper(const void* frame) {
  const auto* record = static_cast<const uint8_t*>(pointer_at(frame));
  return {pointer_at(record + 8), record + 16};
}

runtime::Trap decode_trap(const os::Fault& fault, const Image& image) {
  constexpr uint32_t kBreak = 0xd4200000;   // brk #imm16, at bit 5
  constexpr uint32_t kOfOurs = 0x55u << 8;  // LLVM's for traps with a number
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  const uint8_t* end = image.code() + image.text_size();
  if (fault.signal != kTrapSignal || end - pc < 4) return runtime::Trap::none;
  const uint32_t bits = instruction_at(pc).bits;
  const uint32_t number = (bits >> 5 & 0xffff) - kOfOurs;
  if ((bits & ~(0xffffu << 5)) != kBreak || number >= kTrapNumbers) return runtime::Trap::none;
  return static_cast<runtime::Trap>(number);
}

}  // namespace ashlar::native

#endif
