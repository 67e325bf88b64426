// Guessing by data; see program_style.h.
#include "serve/program_style.h"

#include <algorithm>
#include <array>

namespace ashlar::serve {

namespace {

/// What programs that ask for a request's parts ask for; no others have a reason to hold these words.
constexpr auto kVariables = std::to_array<std::string_view>(
    {"REQUEST_METHOD", "GATEWAY_INTERFACE", "QUERY_STRING", "PATH_INFO", "SCRIPT_NAME", "CONTENT_LENGTH"});
constexpr std::string_view kStatusLine = "HTTP/1.";

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool holds(const module::Module& m, std::string_view word) {
  // A compiled module keeps its data as they lie in memory, in place of segments.
  if (m.laid_out && text_of(m.laid_out->bytes).contains(word)) return true;
  return std::ranges::any_of(m.datas, [&](const module::Data& data) {
    return text_of(m.bytes.subspan(data.bytes_offset, data.bytes_size)).contains(word);
  });
}

}  // namespace

std::string_view kind_of(ProgramStyle style) {
  switch (style) {
    case ProgramStyle::Cgi:
      return "CGI WASI program";
    case ProgramStyle::Raw:
      return "raw WASI program";
  }
  return {};
}

std::optional<ProgramStyle> style_from_name(std::string_view name) {
  if (name == "cgi") return ProgramStyle::Cgi;
  if (name == "raw") return ProgramStyle::Raw;
  return std::nullopt;
}

ProgramStyle guess_style(const module::Module& m) {
  const auto in_data = [&](std::string_view word) { return holds(m, word); };
  if (std::ranges::any_of(kVariables, in_data)) return ProgramStyle::Cgi;
  return in_data(kStatusLine) ? ProgramStyle::Raw : ProgramStyle::Cgi;
}

}  // namespace ashlar::serve
