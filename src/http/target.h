// The head of a request: its target, host and connection, as RFC 9112 wants them.
#pragma once

#include <optional>

#include "http/parser.h"

namespace ashlar::http {

struct RequestHead {
  wasi::host::HttpRequest request;  ///< without its body
  bool keep_alive = true;
  bool expects_continue = false;
};
/// Takes the parser's fields. `secure`: it came by TLS. Errors: what the peer is to be told.
std::expected<RequestHead, BadMessage> read_request_head(RequestParser& parser, bool secure);

/// Whether a list field has that word, in whatever case.
bool has_word(const HttpFields& fields, std::string_view name, std::string_view word);

}  // namespace ashlar::http
