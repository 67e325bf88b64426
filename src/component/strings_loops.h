// The loops behind strings.h: by code points for every machine, by vectors where the processor has them. Inside
// src/component and its tests only.
#pragma once

#include "component/strings.h"

namespace ashlar::component {

/// By code points and words: what strings.h promises, on any machine.
namespace scalar {

bool well_formed(const StringView& string);
Transcoded to_utf8(const StringView& string, size_t from, std::span<uint8_t> out);
Transcoded to_utf16(const StringView& string, size_t from, std::span<uint8_t> out);
Transcoded to_latin1(const StringView& string, size_t from, std::span<uint8_t> out);

}  // namespace scalar

/// By vectors.
struct VectorLoops {
  /// `units` from the start of a code point; stops at the start of one, at most some vectors before the place where the
  /// scalar loop does, which goes on there. Writes nothing outside `out`, but behind what it says too.
  using Loop = Transcoded (*)(const uint8_t* from, size_t units, std::span<uint8_t> out);
  using Check = bool (*)(const uint8_t* data, size_t units);
  Loop utf8_to_utf16, utf8_to_latin1, utf16_to_utf8, latin1_to_utf8;
  Check valid_utf8, valid_utf16;
};

/// Those for this processor; null where it has none that we know.
const VectorLoops* vector_loops();

}  // namespace ashlar::component
