// Requests and answers of HTTP/2; see http2_exchange.h.
#include "http/http2_exchange.h"

#include <algorithm>

namespace ashlar::http {

using wasi::host::equal_names;
using wasi::host::HttpErrorCode;

namespace {

/// Fields as a peer may be sent: no program's "connection", no space around a value (RFC 9113, 8.2.1).
void append_fields(HttpFields& out, const HttpFields& fields) {
  for (const HttpField& f : fields) {
    if (wasi::host::is_connection_field(f.name) || equal_names(f.name, "content-length")) continue;
    const size_t from = std::min(f.value.find_first_not_of(" \t"), f.value.size());
    const size_t last = f.value.find_last_not_of(" \t");
    out.push_back({f.name, last == f.value.npos ? std::string() : f.value.substr(from, last - from + 1)});
  }
}

}  // namespace

// ---- the request

void Http2Exchange::add_field(std::string_view name, std::string_view value, const HttpLimits& limits) {
  // As the protocol counts (RFC 9113, 6.5.2). What is too much is forgotten: a few bytes may name a lot of them.
  constexpr size_t kEntry = 32;
  field_bytes_ += name.size() + value.size() + kEntry;
  if (!name.starts_with(':')) ++field_count_;
  too_large_ |= field_bytes_ > limits.header_bytes || field_count_ > limits.fields;
  if (too_large_) return;
  if (!in_trailers) return add_to_head(name, value);
  if (!wasi::host::is_connection_field(name)) trailers_.push_back({std::string(name), std::string(value)});
}

void Http2Exchange::add_to_head(std::string_view name, std::string_view value) {
  if (name == ":method") {
    request.method = value;
  } else if (name == ":path") {
    request.path = value;
  } else if (name == ":authority") {
    request.authority = value;
  } else if (name == ":scheme") {
    scheme_ = value;
  } else if (name == "host") {
    host_ = value;
    ++hosts_;
  } else if (name == "cookie") {
    // Split for its compression alone (RFC 9113, 8.2.3).
    const auto cookie = std::ranges::find(request.fields, "cookie", &HttpField::name);
    if (cookie == request.fields.end()) {
      request.fields.push_back({"cookie", std::string(value)});
    } else {
      cookie->value += "; ";
      cookie->value += value;
    }
  } else if (!name.starts_with(':') && !wasi::host::is_connection_field(name)) {
    request.fields.push_back({std::string(name), std::string(value)});
  }
}

uint16_t Http2Exchange::read_authority() {
  constexpr uint16_t kBadRequest = 400;
  if (hosts_ > 1) return kBadRequest;
  if (request.authority.empty()) request.authority = host_;
  if (hosts_ != 0 && !equal_names(host_, request.authority)) return kBadRequest;
  return wasi::host::is_http_authority(request.authority) ? 0 : kBadRequest;
}

uint16_t Http2Exchange::complete_request(bool secure, const HttpLimits& limits) {
  constexpr uint16_t kBadRequest = 400, kTooLarge = 413, kExpectationFailed = 417, kHeaderTooLarge = 431,
                     kNotImplemented = 501;
  is_head_ = request.method == "HEAD";
  if (too_large_) return kHeaderTooLarge;
  field_bytes_ = field_count_ = 0;
  if (request.method == "CONNECT") return kNotImplemented;
  if (scheme_ != "http" && scheme_ != "https") return kBadRequest;
  // What came without TLS is not secure, whatever it says.
  request.scheme = secure ? "https" : "http";
  if (const uint16_t wrong = read_authority()) return wrong;
  const bool of_server = request.path == "*" && request.method == "OPTIONS";
  if (!of_server && (!request.path.starts_with('/') || !wasi::host::is_http_path(request.path))) return kBadRequest;
  if (const std::string* length = wasi::host::find_field(request.fields, "content-length")) {
    body->length = wasi::host::parse_http_length(*length);
    if (!body->length) return kBadRequest;
    if (*body->length > limits.body_bytes) return kTooLarge;
  }
  if (const std::string* expected = wasi::host::find_field(request.fields, "expect")) {
    if (!equal_names(*expected, "100-continue")) return kExpectationFailed;
    expects_continue = true;
  }
  return 0;
}

void Http2Exchange::end_body() {
  ended = true;
  read_deadline = Clock::time_point::max();
  if (too_large_) return body->fail({HttpErrorCode::HttpRequestTrailerSectionSize, {}, {}});
  body->end(trailers_.empty() ? std::nullopt : std::optional(std::move(trailers_)));
}

void Http2Exchange::end() {
  body->on_room = {};
  body->fail({HttpErrorCode::ConnectionTerminated, {}, {}});
  const wasi::host::SharedHttpBody out = response ? response->body : answer;
  if (!out) return;
  out->on_data = {};
  out->abandon();
}

// ---- the answer

HttpFields Http2Exchange::answer_head(const std::string& date) {
  constexpr uint16_t kNoContent = 204, kNotModified = 304;
  const wasi::host::HttpBody& from = *response->body;
  const bool bodiless = response->status == kNoContent || response->status == kNotModified;
  const std::string* given = wasi::host::find_field(response->fields, "content-length");
  std::optional<uint64_t> length = given != nullptr ? wasi::host::parse_http_length(*given) : std::nullopt;
  // All of it is there, whatever the program says; but an answer to HEAD speaks of a body that nobody writes.
  const bool whole = from.finished() && !from.error() && !from.trailers();
  if (whole && !(length && is_head_)) length = from.buffered();
  sends_nothing = is_head_ || bodiless || (whole && from.buffered() == 0);
  HttpFields out;
  out.push_back({":status", std::to_string(response->status)});
  append_fields(out, response->fields);
  if (wasi::host::find_field(response->fields, "date") == nullptr) out.push_back({"date", date});
  if (length && !bodiless) out.push_back({"content-length", std::to_string(*length)});
  if (!sends_nothing) answer_length = length;
  return out;
}

HttpFields Http2Exchange::answer_trailers() const {
  HttpFields out;
  if (answer->trailers()) append_fields(out, *answer->trailers());
  return out;
}

}  // namespace ashlar::http
