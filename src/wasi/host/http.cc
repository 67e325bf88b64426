// Syntax of HTTP's fields and targets, and bodies.
#include "wasi/host/http.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ashlar::wasi::host {

namespace {

constexpr auto kConnectionFields =
    std::to_array<std::string_view>({"connection", "host", "http2-settings", "keep-alive", "proxy-authenticate",
                                     "proxy-authorization", "proxy-connection", "transfer-encoding", "upgrade"});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'); }

}  // namespace

bool is_http_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || kMarks.contains(c); });
}

bool is_http_field_value(std::string_view text) {
  constexpr char kDelete = 0x7f;
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= ' ' && c != kDelete);
  });
}

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_connection_field(std::string_view name) {
  return std::ranges::any_of(kConnectionFields, [&](std::string_view f) { return equal_names(f, name); });
}

const std::string* find_field(const HttpFields& fields, std::string_view name) {
  const auto found = std::ranges::find_if(fields, [&](const HttpField& f) { return equal_names(f.name, name); });
  return found == fields.end() ? nullptr : &found->value;
}

bool is_http_path(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

bool is_http_authority(std::string_view text) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=%:[]";
  if (text.empty() || text.front() == ':') return false;
  if (!std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || kMarks.contains(c); })) return false;
  size_t host_end = text.size();
  if (text.front() == '[') {
    host_end = text.find(']');
    if (host_end == text.npos) return false;
    ++host_end;
  } else if (const size_t colon = text.find(':'); colon != text.npos) {
    host_end = colon;
  }
  const std::string_view port = text.substr(host_end);
  constexpr size_t kLongestPort = 6;  // with its colon
  return port.empty() || (port.front() == ':' && port.size() <= kLongestPort &&
                          std::ranges::all_of(port.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
}

std::optional<uint64_t> parse_http_length(std::string_view text) {
  uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// ---- bodies

void HttpBody::write(std::span<const uint8_t> bytes) {
  if (finished() || bytes.empty()) return;
  written_ += bytes.size();
  if (discarding_) return;
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  tell(on_data);
}

void HttpBody::end(std::optional<HttpFields> trailers) {
  if (finished()) return;
  ended_ = true;
  trailers_ = std::move(trailers);
  tell(on_data);
}

void HttpBody::fail(HttpError error) {
  if (finished()) return;
  error_ = std::move(error);
  tell(on_data);
}

void HttpBody::consume(size_t count) {
  taken_ += count;
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
  } else if (taken_ >= kCapacity) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(taken_));
    taken_ = 0;
  }
  tell(on_room);
}

void HttpBody::discard() {
  discarding_ = true;
  bytes_ = {};
  taken_ = 0;
  tell(on_room);
}

void HttpBody::abandon() {
  if (abandoned_) return;
  abandoned_ = true;
  discard();
}

}  // namespace ashlar::wasi::host
