// Strings of the Canonical ABI: checking and transcoding between UTF-8, UTF-16LE and Latin-1. Knows no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ashlar::component {

/// What bytes a string has where it lies. Latin-1 is half of latin1+utf16.
enum class CodeUnits : uint8_t { Utf8, Utf16, Latin1 };

/// A string where it lies, in `units` of one or two bytes. Not aligned to anything.
struct StringView {
  CodeUnits encoding = CodeUnits::Utf8;
  const uint8_t* data = nullptr;
  size_t units = 0;
};

/// How many bytes, or units, from the start are ASCII.
size_t ascii_prefix(const uint8_t* data, size_t size);
size_t ascii_prefix(const StringView& string);
/// Whether every unit belongs to a Unicode scalar value (Latin-1: always).
bool well_formed(const StringView& string);
/// How many of the UTF-16 units from the start are below 0x100.
size_t latin1_prefix(const uint8_t* utf16, size_t units);

/// What a transcoder did: it stops at the end of the source, at what is ill-formed, where the destination is full, or
/// (into Latin-1) at a code point above 0xff; `read` units were read, `written` bytes written.
struct Transcoded {
  size_t read = 0;
  size_t written = 0;
};
/// Writes the string from unit `from` (the start of a code point) to `out`. Source and destination do not overlap.
Transcoded to_utf8(const StringView& string, size_t from, std::span<uint8_t> out);
Transcoded to_utf16(const StringView& string, size_t from, std::span<uint8_t> out);
Transcoded to_latin1(const StringView& string, size_t from, std::span<uint8_t> out);

}  // namespace ashlar::component
