// HTTP/1.1 messages to bytes: the head, and the pieces of a body in its framing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wasi/host/http.h"

namespace ashlar::http {

using wasi::host::HttpFields;
using wasi::host::SharedHttpBody;

/// How a body's end is told.
enum class Framing : uint8_t {
  None,     ///< there is no body
  Length,   ///< content-length
  Chunked,  ///< and trailers
  Close     ///< the connection ends
};

/// A body on its way to a peer. The head must be written before.
class BodyWriter {
 public:
  BodyWriter() = default;
  BodyWriter(SharedHttpBody body, Framing framing) : body_(std::move(body)), framing_(framing) {}

  /// Appends what there is now; false when there was nothing new.
  bool take(std::string& out);
  bool done() const { return done_; }
  /// The writer of the body has given up: the message has no end.
  bool failed() const { return body_ && body_->error().has_value(); }
  const SharedHttpBody& body() const { return body_; }

 private:
  SharedHttpBody body_;
  Framing framing_ = Framing::None;
  bool done_ = false;
};

/// The framing of a body of which nothing was taken yet, and the field for it in `head`. `chunks`: the peer knows them.
/// `unsent`: the answer to HEAD, whose length may be that of a body which nobody writes.
Framing frame(std::string& head, const HttpFields& fields, const wasi::host::HttpBody& body, bool chunks,
              bool unsent = false);
/// Appends "name: value" lines, but for those of the connection and the length, which the framing says.
void write_fields(std::string& out, const HttpFields& fields);
/// The usual words for a status; empty when there are none.
std::string reason_of(uint16_t status);
/// A page that says no more than the status.
wasi::host::HttpResponse plain_page(uint16_t status);

}  // namespace ashlar::http
