// Writing of HTTP/1.1 messages; see writer.h.
#include "http/writer.h"

#include <array>
#include <charconv>

#include <boost/beast/http/status.hpp>

namespace ashlar::http {

using wasi::host::equal_names;
using wasi::host::HttpBody;
using wasi::host::HttpField;

namespace {

void append(std::string& out, std::span<const uint8_t> bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void append_chunk(std::string& out, std::span<const uint8_t> bytes) {
  constexpr int kHexadecimal = 16;
  std::array<char, 2 * sizeof(size_t)> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), bytes.size(), kHexadecimal);
  out.append(digits.data(), end.ptr);
  out += "\r\n";
  append(out, bytes);
  out += "\r\n";
}

}  // namespace

void write_fields(std::string& out, const HttpFields& fields) {
  for (const HttpField& f : fields) {
    if (wasi::host::is_connection_field(f.name) || equal_names(f.name, "content-length")) continue;
    out += f.name;
    out += ": ";
    out += f.value;
    out += "\r\n";
  }
}

Framing frame(std::string& head, const HttpFields& fields, const HttpBody& body, bool chunks, bool unsent) {
  const std::string* given = wasi::host::find_field(fields, "content-length");
  std::optional<uint64_t> length = given != nullptr ? wasi::host::parse_http_length(*given) : std::nullopt;
  // All of it is there, whatever the message says: what follows on the connection must not be taken for the rest.
  const bool whole = body.finished() && !body.error() && !body.trailers();
  if (whole && (!length || !unsent)) length = body.buffered();
  if (length) {
    head += "content-length: " + std::to_string(*length) + "\r\n";
    return Framing::Length;
  }
  if (!chunks) return Framing::Close;
  head += "transfer-encoding: chunked\r\n";
  return Framing::Chunked;
}

bool BodyWriter::take(std::string& out) {
  if (done_) return false;
  if (!body_) {
    done_ = true;
    return false;
  }
  const size_t before = out.size();
  if (framing_ == Framing::None) {
    body_->discard();
    // Nobody waits for its end.
    done_ = true;
    return false;
  }
  if (const auto bytes = body_->peek(); !bytes.empty()) {
    if (framing_ == Framing::Chunked) {
      append_chunk(out, bytes);
    } else {
      append(out, bytes);
    }
    body_->consume(bytes.size());
  }
  if (body_->finished() && !body_->error() && body_->buffered() == 0) {
    done_ = true;
    if (framing_ == Framing::Chunked) {
      out += "0\r\n";
      if (body_->trailers()) write_fields(out, *body_->trailers());
      out += "\r\n";
    }
  }
  return out.size() != before;
}

std::string reason_of(uint16_t status) {
  const auto words = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return status > 599 || words == "<unknown-status>" ? std::string() : std::string(words);
}

wasi::host::HttpResponse plain_page(uint16_t status) {
  wasi::host::HttpResponse out;
  out.status = status;
  out.fields.push_back({"content-type", "text/plain"});
  out.body = std::make_shared<HttpBody>();
  const std::string text = std::to_string(status) + " " + reason_of(status) + "\n";
  out.body->write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  out.body->end();
  return out;
}

}  // namespace ashlar::http
