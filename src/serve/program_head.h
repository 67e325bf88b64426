// The head of a program's response: CGI's fields, or a status line and fields, made the text of HTTP/1.1.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace ashlar::serve {

struct ProgramHead {
  std::string text;      ///< what a parser of HTTP/1.1 reads
  std::string redirect;  ///< RFC 3875, 6.2.2: the path whose answer is wanted instead; empty: none
  bool has_length = false;
};

/// How much of `output` the head is, its empty line included; npos: it is not all there.
size_t end_of_head(std::string_view output, size_t from);

/// Of all of a head. Lines end in CRLF or LF, as programs write them. Errors: what is wrong with it.
std::expected<ProgramHead, std::string> read_program_head(std::string_view head);

}  // namespace ashlar::serve
