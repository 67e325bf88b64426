// x86-64: finding callers by frame records, and what the instruction at a fault says.
#if defined(__x86_64__)

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "native/arch.h"

namespace ashlar::native {

static_assert(std::extent_v<decltype(FrameRow::saved)> == kSavedRegisters);

namespace {

bool begins_with(const uint8_t* at, std::initializer_list<uint8_t> bytes) {
  return std::equal(bytes.begin(), bytes.end(), at);
}

int32_t immediate(const uint8_t* at) {
  int32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Bytes that a prologue has put below the return address when it comes to the fault: pushes and subtractions in front
/// of it. -1 when what stands there is no prologue. Large frames are probed by a loop from rsp down to r11.
int64_t prologue_depth(const uint8_t* at, const os::Fault& fault) {
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  int64_t depth = 0;
  int64_t loop = 0;  ///< the size that is being probed
  while (at < pc) {
    if ((at[0] & 0xf8) == 0x50) {  // push
      depth += 8;
      at += 1;
    } else if (at[0] == 0x41 && (at[1] & 0xf8) == 0x50) {  // push of r8-r15
      depth += 8;
      at += 2;
    } else if (begins_with(at, {0x48, 0x89, 0xe5})) {  // mov %rsp, %rbp
      at += 3;
    } else if (begins_with(at, {0x48, 0x83, 0xec})) {  // sub $imm8, %rsp
      depth += at[3];
      at += 4;
    } else if (begins_with(at, {0x48, 0x81, 0xec})) {  // sub $imm32, %rsp
      if (loop == 0) depth += immediate(at + 3);
      at += 7;
    } else if (begins_with(at, {0x48, 0xc7, 0x04, 0x24})) {  // probe: movq $imm32, (%rsp)
      at += 8;
    } else if (begins_with(at, {0x49, 0x89, 0xe3})) {  // mov %rsp, %r11
      at += 3;
    } else if (begins_with(at, {0x49, 0x81, 0xeb})) {  // sub $imm32, %r11
      loop = immediate(at + 3);
      at += 7;
    } else if (begins_with(at, {0x4c, 0x39, 0xdc})) {  // cmp %r11, %rsp
      at += 3;
    } else if (loop != 0 && at[0] == 0x75) {  // jne: the loop is over
      depth += loop;
      loop = 0;
      at += 2;
    } else {
      return -1;
    }
  }
  if (at != pc) return -1;
  if (loop == 0) return depth;
  return depth + loop + (static_cast<const uint8_t*>(fault.probe_end) - static_cast<const uint8_t*>(fault.sp));
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
Site caller_at_fault(const Image& image, const FrameRow& row, const os::Fault& fault, const GuestStack& stack) {
  const auto* sp = static_cast<const uint8_t*>(fault.sp);
  const auto at = [&stack](const uint8_t* p) {
    const uint8_t* behind = p + kReturnAddressBytes;
    return stack.contains(p) && stack.contains(behind) ? Site{pointer_at(p), behind} : Site{};
  };
  if (const std::optional<Place> place = image.find_place(row, fault.pc))
    return at(place->frameless ? sp : sp + row.stack_size);
  if (const int64_t depth = prologue_depth(image.code() + row.begin, fault); depth >= 0) return at(sp + depth);
  if (const Site caller = at(sp + row.stack_size); is_return_address(caller.pc)) return caller;
  for (uint32_t i = 0; i < row.stack_size; i += 8) {
    if (const Site caller = at(sp + i); is_return_address(caller.pc)) return caller;
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
