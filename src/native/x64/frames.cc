// x86-64: finding callers by frame records, and what the instruction at a fault says.
#if defined(__x86_64__)

#include <csignal>
#include <cstring>
#include <type_traits>

#include "native/arch.h"
#include "native/x64/prologue.h"

namespace ashlar::native {

static_assert(std::extent_v<decltype(FrameRow::saved)> == kSavedRegisters);

namespace {

constexpr uint8_t kTraps = 1
#define TRAP(number, id) +1
#include "runtime/traps.def"
#undef TRAP
    ;

/// Bytes that a prologue has put below the return address when it comes to `pc`. -1 when what stands in front of it is
/// no prologue.
int64_t prologue_depth(const uint8_t* at, const uint8_t* pc) {
  int64_t depth = 0;
  while (at < pc) {
    const PrologueStep step = prologue_step(at);
    if (step.size == 0) return -1;
    depth += step.depth;
    at += step.size;
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

runtime::Trap decode_trap(const os::Fault& fault, const Image& image) {
  // ud1l n(%eax), %eax
  constexpr uint8_t kPattern[] = {0x67, 0x0f, 0xb9, 0x40};
  constexpr size_t kSize = sizeof kPattern + 1;
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  const uint8_t* end = image.code() + image.text_size();
  if (fault.signal != SIGILL || end - pc < ptrdiff_t{kSize}) return runtime::Trap::none;
  if (std::memcmp(pc, kPattern, sizeof kPattern) != 0) return runtime::Trap::none;
  const uint8_t number = pc[sizeof kPattern];
  return number < kTraps ? static_cast<runtime::Trap>(number) : runtime::Trap::none;
}

}  // namespace ashlar::native

#endif
