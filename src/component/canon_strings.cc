// Lowering of strings: the calls of realloc are those of CanonicalABI.md, step by step, since guests see them.
#include <cstring>

#include "component/canon.h"
#include "component/canon_checks.h"

namespace ashlar::component {
namespace {

/// The bytes of an allocation, in the memory as it is now.
std::span<uint8_t> place(LowerContext& cx, uint64_t address, uint64_t size) {
  return {cx.memory->view().base + address, size};
}

std::unexpected<Error> ill_formed(const StringView& s) {
  return make_error(s.encoding == CodeUnits::Utf8 ? ErrorCode::canon_invalid_utf8 : ErrorCode::canon_invalid_utf16);
}

/// Latin-1 at the start of `out` becomes UTF-16, from the end on: each step writes only behind what it has read.
void widen_in_place(uint8_t* out, size_t units) {
  constexpr size_t kStep = 16;
  uint8_t step[kStep];
  while (units >= kStep) {
    units -= kStep;
    std::memcpy(step, out + units, kStep);
    for (size_t i = 0; i < kStep; ++i) {
      const uint16_t unit = step[i];
      std::memcpy(out + 2 * (units + i), &unit, sizeof unit);
    }
  }
  while (units-- > 0) {
    out[2 * units] = out[units];
    out[2 * units + 1] = 0;
  }
}

/// Makes an allocation smaller when it is too large.
Status shrink(LowerContext& cx, uint64_t& address, uint64_t size, uint32_t align, uint64_t used) {
  if (used >= size) return {};
  TRY_ASSIGN(address, guest_realloc(cx, address, size, align, used));
  return {};
}

Result<Lowered> copy(LowerContext& cx, const StringView& s, uint32_t unit_size, uint32_t align) {
  const uint64_t size = s.units * unit_size;
  TRY_ASSIGN(const uint64_t address, guest_realloc(cx, 0, 0, align, size));
  if (size != 0) std::memcpy(place(cx, address, size).data(), s.data, size);
  return Lowered{address, s.units};
}

Result<Lowered> latin1_to_utf16(LowerContext& cx, const StringView& s) {
  TRY_ASSIGN(const uint64_t address, guest_realloc(cx, 0, 0, 2, 2 * s.units));
  to_utf16(s, 0, place(cx, address, 2 * s.units));
  return Lowered{address, s.units};
}

/// store_string_to_utf8, from UTF-16 and Latin-1.
Result<Lowered> to_utf8_string(LowerContext& cx, const StringView& s, uint64_t worst) {
  TRY_ASSIGN(uint64_t address, guest_realloc(cx, 0, 0, 1, s.units));
  // As many bytes as units: what fits before the first other code point is ASCII.
  const size_t ascii = ascii_prefix(s);
  to_utf8({s.encoding, s.data, ascii}, 0, place(cx, address, s.units));
  if (ascii == s.units) return Lowered{address, s.units};
  TRY_ASSIGN(address, guest_realloc(cx, address, s.units, 1, worst));
  const Transcoded rest = to_utf8(s, ascii, place(cx, address, worst).subspan(ascii));
  if (ascii + rest.read != s.units) return ill_formed(s);
  TRY(shrink(cx, address, worst, 1, ascii + rest.written));
  return Lowered{address, ascii + rest.written};
}

Result<Lowered> utf8_to_utf16(LowerContext& cx, const StringView& s) {
  const uint64_t worst = 2 * s.units;
  TRY_ASSIGN(uint64_t address, guest_realloc(cx, 0, 0, 2, worst));
  const Transcoded all = to_utf16(s, 0, place(cx, address, worst));
  if (all.read != s.units) return ill_formed(s);
  TRY(shrink(cx, address, worst, 2, all.written));
  return Lowered{address, all.written / 2};
}

/// store_string_to_latin1_or_utf16: Latin-1 as long as it goes.
Result<Lowered> to_latin1_or_utf16(LowerContext& cx, const StringView& s) {
  TRY_ASSIGN(uint64_t address, guest_realloc(cx, 0, 0, 2, s.units));
  const Transcoded latin1 = to_latin1(s, 0, place(cx, address, s.units));
  if (latin1.read == s.units) {
    TRY(shrink(cx, address, s.units, 2, latin1.written));
    return Lowered{address, latin1.written};
  }
  const uint64_t worst = 2 * s.units;
  TRY_ASSIGN(address, guest_realloc(cx, address, s.units, 2, worst));
  const std::span<uint8_t> out = place(cx, address, worst);
  const uint64_t widened = 2 * latin1.written;
  widen_in_place(out.data(), latin1.written);
  const Transcoded rest = to_utf16(s, latin1.read, out.subspan(widened));
  if (latin1.read + rest.read != s.units) return ill_formed(s);
  const uint64_t used = widened + rest.written;
  TRY(shrink(cx, address, worst, 2, used));
  return Lowered{address, used / 2 | utf16_tag(cx.options)};
}

/// store_probably_utf16_to_latin1_or_utf16: it was UTF-16 and stays so, unless all of it is Latin-1.
Result<Lowered> probably_utf16(LowerContext& cx, const StringView& s) {
  const uint64_t size = 2 * s.units;
  TRY_ASSIGN(uint64_t address, guest_realloc(cx, 0, 0, 2, size));
  const std::span<uint8_t> out = place(cx, address, size);
  if (size != 0) std::memcpy(out.data(), s.data, size);
  if (latin1_prefix(s.data, s.units) != s.units) return Lowered{address, s.units | utf16_tag(cx.options)};
  to_latin1(s, 0, out);
  TRY_ASSIGN(address, guest_realloc(cx, address, size, 1, s.units));
  return Lowered{address, s.units};
}

}  // namespace

Result<uint64_t> guest_realloc(LowerContext& cx, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size) {
  CHECK(cx.memory != nullptr && size <= kMaxAllocation);
  uint64_t address = 0;
  if (cx.room) {
    address = *cx.room;
    cx.room.reset();
  } else {
    TRY_ASSIGN(address, cx.memory->realloc(old, old_size, align, size));
  }
  if (!cx.options.memory64) address = static_cast<uint32_t>(address);
  TRY(check_aligned(ErrorCode::canon_realloc_unaligned, address, align));
  TRY(check_bounds(ErrorCode::canon_realloc_bounds, cx.memory->view(), address, size));
  return address;
}

Result<Lowered> lower_string(LowerContext& cx, const StringView& s, bool from_latin1_utf16) {
  const uint64_t bytes = s.encoding == CodeUnits::Utf16 ? uint64_t{s.units} * 2 : s.units;
  if (bytes > kMaxStringBytes) return make_error(ErrorCode::canon_string_too_long, kNoOffset, std::to_string(bytes));
  switch (cx.options.encoding) {
    case StringEncoding::Utf8:
      if (s.encoding == CodeUnits::Utf8) return copy(cx, s, 1, 1);
      return to_utf8_string(cx, s, uint64_t{s.units} * (s.encoding == CodeUnits::Utf16 ? 3 : 2));
    case StringEncoding::Utf16:
      if (s.encoding == CodeUnits::Utf8) return utf8_to_utf16(cx, s);
      return s.encoding == CodeUnits::Utf16 ? copy(cx, s, 2, 2) : latin1_to_utf16(cx, s);
    case StringEncoding::Latin1Utf16:
      if (s.encoding == CodeUnits::Latin1) return copy(cx, s, 1, 2);
      if (s.encoding == CodeUnits::Utf16 && from_latin1_utf16) return probably_utf16(cx, s);
      return to_latin1_or_utf16(cx, s);
  }
  return ill_formed(s);
}

}  // namespace ashlar::component
