// Checks that printing and parsing a binary gives it back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binary/decode.h"
#include "binary/encode.h"
#include "text/parse.h"
#include "text/print.h"

namespace ashlar::text {

inline binary::DecodeOptions all_features() {
  binary::DecodeOptions out;
  out.features = isa::Features::all();
  return out;
}

/// Empty when every style of printing `bytes` parses back to the same binary (or `bytes` cannot be decoded or printed).
/// `once`: compare only what the printed text became with its own round trip, for binaries that are not minimal.
inline std::string round_trip_problem(const std::vector<uint8_t>& bytes, bool once = false) {
  Result<std::unique_ptr<module::Module>> first = binary::decode(bytes, all_features());
  if (!first) return "";
  (*first)->sections.clear();  // empty sections have no text
  std::vector<uint8_t> expected = binary::encode(**first);
  ParseOptions parse;
  parse.debug_names = true;
  for (int style = 0; style < 4; ++style) {
    PrintOptions options;
    options.folded = (style & 1) != 0;
    options.offsets = style == 2;
    options.names = style != 3;
    Result<std::unique_ptr<module::Module>> m = binary::decode(expected, all_features());
    if (!m) return "decoding what was encoded: " + m.error().render();
    Result<std::string> text = print(**m, options);
    if (!text) return "";
    Result<std::vector<uint8_t>> back = parse_to_binary(*text, parse);
    if (!back) return "parsing what was printed: " + back.error().render() + "\n" + *text;
    if (once && style == 0) {
      expected = *back;
    } else if (*back != expected) {
      return "style " + std::to_string(style) + " differs:\n" + *text;
    }
  }
  return "";
}

}  // namespace ashlar::text
