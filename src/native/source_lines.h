// Where a module's code comes from in the source of the guest: what the compiler program reads out of a module's DWARF.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ashlar::native {

/// A unit of compilation of the guest. Texts are numbers of SourceLines::strings.
struct SourceUnit {
  uint32_t name;
  uint32_t directory;
  uint32_t producer;
  uint32_t language;  ///< as DWARF numbers them
};

/// A function of the source at one place of its code.
struct SourceFrame {
  uint32_t function;  ///< its name, demangled
  uint32_t linkage;   ///< its mangled name; the empty string where that is no other
  uint32_t file;      ///< of `line`
  uint32_t line;      ///< 0: not known
  uint32_t start_file;
  uint32_t start_line;  ///< where it is declared; 0: not known
};

/// A byte of the module, and the function that it belongs to with those into which that one was inlined, innermost
/// first: there is one at least.
struct SourceRow {
  uint32_t wasm;
  uint32_t unit;
  uint32_t first_frame;
  uint32_t frame_count;
};

/// Rows ascend by `wasm`. strings[0] is empty.
struct SourceLines {
  std::vector<std::string> strings;
  std::vector<SourceUnit> units;
  std::vector<SourceFrame> frames;
  std::vector<SourceRow> rows;

  const SourceRow* find(uint32_t wasm) const;
  std::span<const SourceFrame> frames_of(const SourceRow& row) const;
  const std::string& text(uint32_t string) const { return strings[string]; }
};

/// Inlined calls at one place; more are left out.
inline constexpr uint32_t kMostSourceFrames = 128;

std::vector<uint8_t> encode_source_lines(const SourceLines& lines);
/// Errors: compiler_failed where the bytes are not what encode_source_lines gives.
Result<SourceLines> decode_source_lines(std::span<const uint8_t> bytes);

}  // namespace ashlar::native
