// x86-64: finding callers by frame records, and what the instruction at a fault says.
#if defined(__x86_64__)

#include <cstring>
#include <type_traits>

#include "native/arch.h"

namespace ashlar::native {

static_assert(std::extent_v<decltype(FrameRow::saved)> == kSavedRegisters);

namespace {

/// Bytes that a prologue has put below the return address when it comes to `pc`: pushes and subtractions in front of
/// it. -1 when what stands there is no prologue.
int64_t prologue_depth(const uint8_t* at, const uint8_t* pc) {
  int64_t depth = 0;
  while (at < pc) {
    const bool is_push = (at[0] & 0xf8) == 0x50;
    const bool is_long_push = at[0] == 0x41 && (at[1] & 0xf8) == 0x50;  // r8-r15
    if (is_push || is_long_push) {
      depth += 8;
      at += is_push ? 1 : 2;
    } else if (at[0] == 0x48 && at[1] == 0x89 && at[2] == 0xe5) {  // mov %rsp, %rbp
      at += 3;
    } else if (at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xec) {  // sub $imm8, %rsp
      depth += at[3];
      at += 4;
    } else if (at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xec) {  // sub $imm32, %rsp
      int32_t size;
      std::memcpy(&size, at + 3, sizeof size);
      depth += size;
      at += 7;
    } else if (at[0] == 0x48 && at[1] == 0xc7 && at[2] == 0x04 && at[3] == 0x24) {  // probe: movq $imm32, (%rsp)
      at += 8;
    } else {
      return -1;
    }
  }
  return at == pc ? depth : -1;
}

bool is_return_address(const void* pc) {
  const Image* image = find_image(pc);
  const FrameRow* row = image == nullptr ? nullptr : image->find_frame(pc, true);
  if (row == nullptr) return false;
  const std::optional<Place> place = image->find_place(*row, pc, true);
  return place && place->call;
}

}  // namespace

Site caller_of(const FrameRow& row, const Site& site) {
  const uint8_t* cfa = cfa_of(row, site.sp);
  return {pointer_at(cfa - kReturnAddressBytes), cfa};
}

void step_out(const FrameRow& row, Registers& r) {
  const uint8_t* cfa = cfa_of(row, reinterpret_cast<const uint8_t*>(r.sp));
  for (size_t i = 0; i < std::size(row.saved); ++i) {
    if (row.saved[i] != 0) r.saved[i] = word_at(cfa + row.saved[i]);
  }
  r.pc = word_at(cfa - kReturnAddressBytes);
  r.sp = reinterpret_cast<uint64_t>(cfa);
}

// Accesses and traps have places that say whether there is a frame. Without a place it is the stack's guard that was
// met: in the prologue, or by a call in the body. Should a prologue stand elsewhere than at the start, the first return
// address on the stack is believed; the backtrace alone depends on it.
Site caller_at_fault(const Image& image, const FrameRow& row, const os::Fault& fault) {
  const auto* sp = static_cast<const uint8_t*>(fault.sp);
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  const auto at = [](const uint8_t* p) { return Site{pointer_at(p), p + kReturnAddressBytes}; };
  if (const std::optional<Place> place = image.find_place(row, pc))
    return at(place->frameless ? sp : sp + row.stack_size);
  if (const int64_t depth = prologue_depth(image.code() + row.begin, pc); depth >= 0) return at(sp + depth);
  if (is_return_address(pointer_at(sp + row.stack_size))) return at(sp + row.stack_size);
  for (uint32_t i = 0; i < row.stack_size; i += 8) {
    if (is_return_address(pointer_at(sp + i))) return at(sp + i);
  }
  return {};
}

Site caller_at_entry(const os::Fault& fault) {
  const auto* sp = static_cast<const uint8_t*>(fault.sp);
  return {pointer_at(sp), sp + kReturnAddressBytes};
}

// The entry has jumped to the helper, which pushed the frame pointer.
Site caller_of_helper(const void* frame) {
  const auto* at = static_cast<const uint8_t*>(frame);
  return {pointer_at(at + 8), at + 16};
}

runtime::Trap decode_trap(const os::Fault& fault, const Image& image) {
  // ud1l n(%eax), %eax
  constexpr uint8_t kPattern[] = {0x67, 0x0f, 0xb9, 0x40};
  constexpr size_t kSize = sizeof kPattern + 1;
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  const uint8_t* end = image.code() + image.text_size();
  if (fault.signal != kTrapSignal || end - pc < ptrdiff_t{kSize}) return runtime::Trap::none;
  if (std::memcmp(pc, kPattern, sizeof kPattern) != 0) return runtime::Trap::none;
  const uint8_t number = pc[sizeof kPattern];
  return number < kTrapNumbers ? static_cast<runtime::Trap>(number) : runtime::Trap::none;
}

}  // namespace ashlar::native

#endif
