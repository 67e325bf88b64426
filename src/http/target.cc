// Heads of requests; see target.h.
#include "http/target.h"

#include <algorithm>

namespace ashlar::http {

using wasi::host::equal_names;
using wasi::host::HttpRequest;

namespace {

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::unexpected<BadMessage> bad(uint16_t status, const char* text) { return std::unexpected(BadMessage{status, text}); }

/// RFC 9112, 3.2: origin form, absolute form, or '*' of OPTIONS.
std::expected<void, BadMessage> read_target(const std::string& target, HttpRequest& out) {
  if (out.method == "CONNECT") return bad(501, "there are no tunnels here");
  if (target == "*" && out.method == "OPTIONS") {
    out.path = target;
    return {};
  }
  std::string_view rest = target;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (rest.size() < scheme.size() || !equal_names(rest.substr(0, scheme.size()), scheme)) continue;
    rest.remove_prefix(scheme.size());
    const size_t slash = std::min(rest.find_first_of("/?"), rest.size());
    out.authority = rest.substr(0, slash);
    if (!wasi::host::is_http_authority(out.authority)) return bad(400, "the target's host is malformed");
    rest.remove_prefix(slash);
    out.path = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
    if (!wasi::host::is_http_path(out.path)) return bad(400, "the target is malformed");
    return {};
  }
  if (!rest.starts_with('/') || !wasi::host::is_http_path(rest)) return bad(400, "the target is malformed");
  out.path = rest;
  return {};
}

}  // namespace

bool has_word(const HttpFields& fields, std::string_view name, std::string_view word) {
  for (const HttpField& f : fields) {
    if (!equal_names(f.name, name)) continue;
    for (std::string_view rest = f.value; !rest.empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      if (equal_names(trimmed(rest.substr(0, comma)), word)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

std::expected<RequestHead, BadMessage> read_request_head(RequestParser& parser, bool secure) {
  constexpr unsigned kVersion10 = 10, kVersion11 = 11;
  RequestHead out;
  if (parser.version != kVersion10 && parser.version != kVersion11) return bad(505, "the version is not supported");
  out.request.method = std::move(parser.method);
  out.request.scheme = secure ? "https" : "http";
  size_t hosts = 0;
  for (const HttpField& f : parser.fields) {
    if (!equal_names(f.name, "host")) continue;
    ++hosts;
    if (!f.value.empty() && !wasi::host::is_http_authority(f.value)) return bad(400, "the host is malformed");
    out.request.authority = f.value;
  }
  if (hosts > 1 || (hosts == 0 && parser.version == kVersion11)) return bad(400, "one host is wanted");
  // That of an absolute target counts.
  if (auto fine = read_target(parser.target, out.request); !fine) return std::unexpected(fine.error());
  const bool old = parser.version == kVersion10;
  out.keep_alive =
      old ? has_word(parser.fields, "connection", "keep-alive") : !has_word(parser.fields, "connection", "close");
  const std::string* expected = wasi::host::find_field(parser.fields, "expect");
  if (expected != nullptr && !old) {
    if (!equal_names(*expected, "100-continue")) return bad(417, "what is expected is unknown");
    out.expects_continue = true;
  }
  std::erase_if(parser.fields, [](const HttpField& f) { return wasi::host::is_connection_field(f.name); });
  out.request.fields = std::move(parser.fields);
  return out;
}

}  // namespace ashlar::http
