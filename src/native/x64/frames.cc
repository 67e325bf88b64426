// x86-64: finding callers by frame records, and what the instruction at a fault says.
#if defined(__x86_64__)

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "native/activation.h"
#include "native/arch.h"
#include "native/x64/prologue.h"

namespace ashlar::native {

/// Where what the entry stub called returns to.
extern "C" const uint8_t ashlar_native_entered[];

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

/// Bytes that a prologue has put below the return address when it comes to the fault. -1 when what stands in front of
/// it is no prologue. Large frames are probed by a loop from rsp down to r11.
int64_t prologue_depth(const uint8_t* at, const os::Fault& fault) {
  const auto* pc = static_cast<const uint8_t*>(fault.pc);
  int64_t depth = 0;
  int64_t loop = 0;  ///< the size that is being probed
  while (at < pc) {
    if (begins_with(at, {0x49, 0x89, 0xe3}) || begins_with(at, {0x4c, 0x39, 0xdc})) {  // mov, cmp of %rsp and %r11
      at += 3;
    } else if (begins_with(at, {0x49, 0x81, 0xeb})) {  // sub $imm32, %r11
      loop = immediate(at + 3);
      at += 7;
    } else if (loop != 0 && begins_with(at, {0x48, 0x81, 0xec})) {  // sub $imm32, %rsp: once a round
      at += 7;
    } else if (loop != 0 && at[0] == 0x75) {  // jne: the loop is over
      depth += loop;
      loop = 0;
      at += 2;
    } else {
      const PrologueStep step = prologue_step(at);
      if (step.size == 0) return -1;
      depth += step.depth;
      at += step.size;
    }
  }
  if (at != pc) return -1;
  if (loop == 0) return depth;
  return depth + loop + (static_cast<const uint8_t*>(fault.probe_end) - static_cast<const uint8_t*>(fault.sp));
}

enum class Returns : uint8_t { Nowhere, Somewhere, FromCallOf };

/// Whether this is a return address; and of a call of the function at `entry`, or of the run's first, for sure.
Returns returns_to(const void* pc, const uint8_t* entry) {
  if (pc == ashlar_native_entered) return Returns::FromCallOf;
  const Image* image = find_image(pc);
  const FrameRow* row = image == nullptr ? nullptr : image->find_frame(pc, true);
  if (row == nullptr) return Returns::Nowhere;
  const std::optional<Place> place = image->find_place(*row, pc, true);
  if (!place || !place->call) return Returns::Nowhere;
  const auto* at = static_cast<const uint8_t*>(pc);
  if (at - image->code() < 5 || at[-5] != 0xe8) return Returns::Somewhere;
  int32_t distance;
  std::memcpy(&distance, at - 4, sizeof distance);
  return at + distance == entry ? Returns::FromCallOf : Returns::Somewhere;
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
// met, in the prologue or by a call in the body, or an alarm came, anywhere. In what is no prologue at the start of the
// function (a body, an epilogue, code without a frame) the return address is looked for that belongs to a call of this
// function, at the end of a whole frame first; else any is believed. The backtrace alone depends on it.
Site caller_at_fault(const Image& image, const FrameRow& row, const os::Fault& fault, const GuestStack& stack) {
  const auto* sp = static_cast<const uint8_t*>(fault.sp);
  const uint8_t* begin = image.code() + row.begin;
  const auto at = [&stack](const uint8_t* p) {
    const uint8_t* behind = p + kReturnAddressBytes;
    return stack.contains(p) && stack.contains(behind - 1) ? Site{pointer_at(p), behind} : Site{};
  };
  if (const std::optional<Place> place = image.find_place(row, fault.pc))
    return at(place->frameless ? sp : sp + row.stack_size);
  if (const int64_t depth = prologue_depth(begin, fault); depth >= 0) return at(sp + depth);
  const uint8_t* any = nullptr;
  const auto is_certain = [&](const uint8_t* p) {
    if (!stack.contains(p) || !stack.contains(p + sizeof(void*) - 1)) return false;
    const Returns returns = returns_to(pointer_at(p), begin);
    if (returns != Returns::Nowhere && any == nullptr) any = p;
    return returns == Returns::FromCallOf;
  };
  if (is_certain(sp + row.stack_size)) return at(sp + row.stack_size);
  for (uint32_t i = 0; i < row.stack_size; i += 8) {
    if (is_certain(sp + i)) return at(sp + i);
  }
  return any != nullptr ? at(any) : Site{};
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
