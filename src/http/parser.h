// HTTP/1.1 messages from bytes: Beast's parser, and the rules that keep two ends from reading one message as two.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "http/limits.h"
#include "wasi/host/http.h"

namespace ashlar::http {

using wasi::host::HttpField;
using wasi::host::HttpFields;
using wasi::host::SharedHttpBody;

/// Why a message is refused: the status that says so, and a word.
struct BadMessage {
  uint16_t status = 400;
  std::string text;
};

/// One message. Feed it bytes until its head is there, say where the body goes, feed the rest.
template <bool is_request>
class MessageParser final : public boost::beast::http::basic_parser<is_request> {
 public:
  using Base = boost::beast::http::basic_parser<is_request>;

  explicit MessageParser(const HttpLimits& limits) : limits_(limits) {
    this->header_limit(limits.header_bytes);
    this->body_limit(limits.body_bytes);
  }

  /// How many bytes were used: all up to the head's end, or the message's. Afterwards bad() tells of errors.
  size_t feed(std::span<const uint8_t> bytes) {
    boost::beast::error_code ec;
    size_t used = 0;
    while (used < bytes.size() && !this->is_done()) {
      const bool before_head = !this->is_header_done();
      const size_t n = this->put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), ec);
      used += n;
      if (ec == boost::beast::http::error::need_more) {
        ec = {};
        if (n != 0 && !before_head) continue;
        // A line may end in the next bytes, which comes to nothing used. Beast limits those of the head alone.
        if (!before_head && bytes.size() - used > limits_.header_bytes) bad_ = {431, "a chunk's header is too long"};
        break;
      }
      if (ec) {
        note(ec);
        break;
      }
      if (before_head && this->is_header_done()) break;
      if (n == 0) break;
    }
    return used;
  }
  /// The other side has ended: whether that is the message's end, too.
  bool feed_end() {
    boost::beast::error_code ec;
    this->put_eof(ec);
    if (ec) note(ec);
    return !ec && this->is_done();
  }
  void set_body(SharedHttpBody body) { body_ = std::move(body); }
  const std::optional<BadMessage>& bad() const { return bad_; }

  std::string method, target;  ///< of requests
  uint16_t status = 0;         ///< of responses
  unsigned version = 0;        ///< 10, 11
  HttpFields fields, trailers;

 private:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using Code = boost::beast::error_code;

  static std::string text(Text t) { return {t.data(), t.size()}; }
  void refuse(Code& ec, uint16_t status_code, std::string why) {
    bad_ = {status_code, std::move(why)};
    ec = boost::beast::http::error::bad_value;
  }
  void note(const Code& ec) {
    if (bad_) return;
    using boost::beast::http::error;
    if (ec == error::header_limit) {
      bad_ = {431, "the header is too long"};
    } else if (ec == error::body_limit) {
      bad_ = {413, "the body is too long"};
    } else {
      bad_ = {400, ec.message()};
    }
  }

  void on_request_impl(Verb, Text method_text, Text target_text, int v, Code&) override {
    method = text(method_text);
    target = text(target_text);
    version = static_cast<unsigned>(v);
  }
  void on_response_impl(int code, Text, int v, Code&) override {
    status = static_cast<uint16_t>(code);
    version = static_cast<unsigned>(v);
  }
  void on_field_impl(Field id, Text name, Text value, Code& ec) override {
    const bool in_head = !this->is_header_done() && !in_body_;
    HttpFields& to = in_head ? fields : trailers;
    if (to.size() >= limits_.fields) return refuse(ec, 431, "there are too many fields");
    // Folded lines come here as one (RFC 9112, 5.2); nothing else that ends a line may be inside.
    if (value.find_first_of("\r\n") != Text::npos || !wasi::host::is_http_field_value({value.data(), value.size()})) {
      return refuse(ec, 400, "the value of a field has a control character");
    }
    if (in_head && id == Field::content_length && wasi::host::find_field(to, "content-length") != nullptr) {
      return refuse(ec, 400, "there are several lengths");
    }
    if (in_head && id == Field::content_length && !wasi::host::parse_http_length({value.data(), value.size()})) {
      return refuse(ec, 400, "the length is not a number");
    }
    to.push_back({text(name), text(value)});
  }
  void on_header_impl(Code& ec) override {
    using wasi::host::find_field;
    const std::string* coding = find_field(fields, "transfer-encoding");
    if (coding == nullptr) return;
    size_t codings = 0;
    for (const HttpField& f : fields) codings += wasi::host::equal_names(f.name, "transfer-encoding") ? 1 : 0;
    if (find_field(fields, "content-length") != nullptr) return refuse(ec, 400, "there are a length and a coding");
    if (codings != 1 || !wasi::host::equal_names(*coding, "chunked")) {
      return refuse(ec, 501, "the only transfer coding here is chunked");
    }
    if (version < 11) return refuse(ec, 400, "HTTP/1.0 has no transfer codings");
  }
  void on_body_init_impl(boost::optional<uint64_t> const&, Code&) override { in_body_ = true; }
  size_t on_body_impl(Text bytes, Code&) override { return store(bytes); }
  void on_chunk_header_impl(uint64_t, Text, Code&) override {}
  size_t on_chunk_body_impl(uint64_t, Text bytes, Code&) override { return store(bytes); }
  void on_finish_impl(Code&) override {}
  size_t store(Text bytes) {
    if (body_) body_->write({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    return bytes.size();
  }

  const HttpLimits& limits_;
  SharedHttpBody body_;
  bool in_body_ = false;
  std::optional<BadMessage> bad_;
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;

}  // namespace ashlar::http
