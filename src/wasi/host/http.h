// What programs, clients and servers of HTTP tell each other: messages, errors, and bodies as bounded pipes.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar::wasi::host {

struct HttpField {
  std::string name, value;
  bool operator==(const HttpField&) const = default;
};
using HttpFields = std::vector<HttpField>;

// Fields by RFC 9110 and what wasi:http keeps to its hosts.
bool is_http_token(std::string_view text);
bool is_http_field_value(std::string_view text);
/// Fields of a connection, which no program sets and none is shown.
bool is_connection_field(std::string_view name);
bool equal_names(std::string_view a, std::string_view b);
/// The first value; null without.
const std::string* find_field(const HttpFields& fields, std::string_view name);
/// A target in origin form: "/path?query", with nothing that ends a line.
bool is_http_path(std::string_view text);
/// "host", "host:port", "[::1]:port", without a user.
bool is_http_authority(std::string_view text);
/// A decimal length, and nothing else.
std::optional<uint64_t> parse_http_length(std::string_view text);

/// The cases of wasi:http's error-code, in its order.
enum class HttpErrorCode : uint8_t {
  DnsTimeout,
  DnsError,
  DestinationNotFound,
  DestinationUnavailable,
  DestinationIpProhibited,
  DestinationIpUnroutable,
  ConnectionRefused,
  ConnectionTerminated,
  ConnectionTimeout,
  ConnectionReadTimeout,
  ConnectionWriteTimeout,
  ConnectionLimitReached,
  TlsProtocolError,
  TlsCertificateError,
  TlsAlertReceived,
  HttpRequestDenied,
  HttpRequestLengthRequired,
  HttpRequestBodySize,
  HttpRequestMethodInvalid,
  HttpRequestUriInvalid,
  HttpRequestUriTooLong,
  HttpRequestHeaderSectionSize,
  HttpRequestHeaderSize,
  HttpRequestTrailerSectionSize,
  HttpRequestTrailerSize,
  HttpResponseIncomplete,
  HttpResponseHeaderSectionSize,
  HttpResponseHeaderSize,
  HttpResponseBodySize,
  HttpResponseTrailerSectionSize,
  HttpResponseTrailerSize,
  HttpResponseTransferCoding,
  HttpResponseContentCoding,
  HttpResponseTimeout,
  HttpUpgradeFailed,
  HttpProtocolError,
  LoopDetected,
  ConfigurationError,
  InternalError,
};
struct HttpError {
  HttpErrorCode code = HttpErrorCode::InternalError;
  std::string text;                ///< detail, where the code has any
  std::optional<uint64_t> number;  ///< a size, where the code has one
};

/// The bytes of a message on their way from a writer to a reader on the same thread, no more than kCapacity at once,
/// and the trailers behind them. Each side may go before the other.
class HttpBody {
 public:
  static constexpr size_t kCapacity = 64 << 10;

  // The writer's. What is written to a reader that has gone is dropped.
  /// How much may be written now; nothing while the reader has not taken what is there.
  size_t room() const { return buffered() >= kCapacity ? 0 : kCapacity - buffered(); }
  void write(std::span<const uint8_t> bytes);
  void end(std::optional<HttpFields> trailers = std::nullopt);
  void fail(HttpError error);
  bool abandoned() const { return abandoned_; }
  uint64_t written() const { return written_; }
  /// Whether somebody reads it already.
  bool has_reader() const { return static_cast<bool>(on_data); }

  // The reader's.
  size_t buffered() const { return bytes_.size() - taken_; }
  std::span<const uint8_t> peek() const { return std::span(bytes_).subspan(taken_); }
  void consume(size_t count);
  /// No more bytes come than are there: it has ended or failed.
  bool finished() const { return ended_ || error_.has_value(); }
  const std::optional<HttpError>& error() const { return error_; }
  const std::optional<HttpFields>& trailers() const { return trailers_; }
  /// What comes from now on is dropped; its end and trailers are still told.
  void discard();
  /// Nobody reads any more.
  void abandon();

  // Called after a change, by the other side; may be empty. Neither calls back into the body's other side.
  std::function<void()> on_data;   ///< for the reader: more bytes, the end, an error
  std::function<void()> on_room;   ///< for the writer: bytes were taken, or the reader has gone
  std::optional<uint64_t> length;  ///< as the message says
  /// What a body is that is not as long as the message says.
  HttpErrorCode wrong_length = HttpErrorCode::HttpResponseBodySize;

 private:
  void tell(const std::function<void()>& who) const {
    if (who) who();
  }
  std::vector<uint8_t> bytes_;
  size_t taken_ = 0;
  uint64_t written_ = 0;
  bool ended_ = false, abandoned_ = false, discarding_ = false;
  std::optional<HttpError> error_;
  std::optional<HttpFields> trailers_;
};
using SharedHttpBody = std::shared_ptr<HttpBody>;

struct HttpRequest {
  std::string method;
  std::string scheme;     ///< "http", "https"
  std::string authority;  ///< "host", "host:port"; may be empty
  std::string path;       ///< with the query
  HttpFields fields;      ///< none of the connection
  SharedHttpBody body;
  std::string remote, local;  ///< both ends' "address:port", where a server knows them
};
struct HttpResponse {
  uint16_t status = 200;
  HttpFields fields;
  SharedHttpBody body;
};
using HttpOutcome = std::expected<HttpResponse, HttpError>;

/// Nanoseconds.
struct HttpTimeouts {
  std::optional<uint64_t> connect, first_byte, between_bytes;
};

/// A response that is on its way to a program. Who drops it gives the request up.
class PendingHttpResponse {
 public:
  virtual ~PendingHttpResponse() = default;
  std::optional<HttpOutcome> outcome;
  std::function<void()> on_outcome;
};

/// Sends requests from an event loop of the thread that calls it.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual std::shared_ptr<PendingHttpResponse> send(HttpRequest request, const HttpTimeouts& timeouts) = 0;
};

}  // namespace ashlar::wasi::host
