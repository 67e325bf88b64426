// Generated from wit/wasi-0.2.12/http.wit by tools/witgen.py: not to be edited.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "component/typed.h"
#include "wasi/p2/gen/clocks.h"
#include "wasi/p2/gen/io.h"

namespace ashlar::wasi::p2::http {

using namespace ashlar::component;

namespace types {

inline constexpr char kName[] = "wasi:http/types@0.2.12";

using Duration = ::ashlar::wasi::p2::clocks::monotonic_clock::Duration;
using InputStream = ::ashlar::wasi::p2::io::streams::InputStream;
using OutputStream = ::ashlar::wasi::p2::io::streams::OutputStream;
using IoError = ::ashlar::wasi::p2::io::error::Error;
using Pollable = ::ashlar::wasi::p2::io::poll::Pollable;
struct Method {
  enum Case : uint32_t { kGet, kHead, kPost, kPut, kDelete, kConnect, kOptions, kTrace, kPatch, kOther };
  std::variant<Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, std::string> value;
  static constexpr std::array cases{"get",     "head",    "post",  "put",   "delete",
                                    "connect", "options", "trace", "patch", "other"};
};
struct Scheme {
  enum Case : uint32_t { kHTTP, kHTTPS, kOther };
  std::variant<Nothing, Nothing, std::string> value;
  static constexpr std::array cases{"HTTP", "HTTPS", "other"};
};
struct DNSErrorPayload {
  std::optional<std::string> rcode{};
  std::optional<uint16_t> info_code{};
  static constexpr auto fields = std::tuple(component::Field{"rcode", &DNSErrorPayload::rcode},
                                            component::Field{"info-code", &DNSErrorPayload::info_code});
};
struct TLSAlertReceivedPayload {
  std::optional<uint8_t> alert_id{};
  std::optional<std::string> alert_message{};
  static constexpr auto fields = std::tuple(component::Field{"alert-id", &TLSAlertReceivedPayload::alert_id},
                                            component::Field{"alert-message", &TLSAlertReceivedPayload::alert_message});
};
struct FieldSizePayload {
  std::optional<std::string> field_name{};
  std::optional<uint32_t> field_size{};
  static constexpr auto fields = std::tuple(component::Field{"field-name", &FieldSizePayload::field_name},
                                            component::Field{"field-size", &FieldSizePayload::field_size});
};
struct ErrorCode {
  enum Case : uint32_t {
    kDNSTimeout,
    kDNSError,
    kDestinationNotFound,
    kDestinationUnavailable,
    kDestinationIPProhibited,
    kDestinationIPUnroutable,
    kConnectionRefused,
    kConnectionTerminated,
    kConnectionTimeout,
    kConnectionReadTimeout,
    kConnectionWriteTimeout,
    kConnectionLimitReached,
    kTLSProtocolError,
    kTLSCertificateError,
    kTLSAlertReceived,
    kHTTPRequestDenied,
    kHTTPRequestLengthRequired,
    kHTTPRequestBodySize,
    kHTTPRequestMethodInvalid,
    kHTTPRequestURIInvalid,
    kHTTPRequestURITooLong,
    kHTTPRequestHeaderSectionSize,
    kHTTPRequestHeaderSize,
    kHTTPRequestTrailerSectionSize,
    kHTTPRequestTrailerSize,
    kHTTPResponseIncomplete,
    kHTTPResponseHeaderSectionSize,
    kHTTPResponseHeaderSize,
    kHTTPResponseBodySize,
    kHTTPResponseTrailerSectionSize,
    kHTTPResponseTrailerSize,
    kHTTPResponseTransferCoding,
    kHTTPResponseContentCoding,
    kHTTPResponseTimeout,
    kHTTPUpgradeFailed,
    kHTTPProtocolError,
    kLoopDetected,
    kConfigurationError,
    kInternalError
  };
  std::variant<Nothing, DNSErrorPayload, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing,
               Nothing, Nothing, Nothing, Nothing, TLSAlertReceivedPayload, Nothing, Nothing, std::optional<uint64_t>,
               Nothing, Nothing, Nothing, std::optional<uint32_t>, std::optional<FieldSizePayload>,
               std::optional<uint32_t>, FieldSizePayload, Nothing, std::optional<uint32_t>, FieldSizePayload,
               std::optional<uint64_t>, std::optional<uint32_t>, FieldSizePayload, std::optional<std::string>,
               std::optional<std::string>, Nothing, Nothing, Nothing, Nothing, Nothing, std::optional<std::string>>
      value;
  static constexpr std::array cases{"DNS-timeout",
                                    "DNS-error",
                                    "destination-not-found",
                                    "destination-unavailable",
                                    "destination-IP-prohibited",
                                    "destination-IP-unroutable",
                                    "connection-refused",
                                    "connection-terminated",
                                    "connection-timeout",
                                    "connection-read-timeout",
                                    "connection-write-timeout",
                                    "connection-limit-reached",
                                    "TLS-protocol-error",
                                    "TLS-certificate-error",
                                    "TLS-alert-received",
                                    "HTTP-request-denied",
                                    "HTTP-request-length-required",
                                    "HTTP-request-body-size",
                                    "HTTP-request-method-invalid",
                                    "HTTP-request-URI-invalid",
                                    "HTTP-request-URI-too-long",
                                    "HTTP-request-header-section-size",
                                    "HTTP-request-header-size",
                                    "HTTP-request-trailer-section-size",
                                    "HTTP-request-trailer-size",
                                    "HTTP-response-incomplete",
                                    "HTTP-response-header-section-size",
                                    "HTTP-response-header-size",
                                    "HTTP-response-body-size",
                                    "HTTP-response-trailer-section-size",
                                    "HTTP-response-trailer-size",
                                    "HTTP-response-transfer-coding",
                                    "HTTP-response-content-coding",
                                    "HTTP-response-timeout",
                                    "HTTP-upgrade-failed",
                                    "HTTP-protocol-error",
                                    "loop-detected",
                                    "configuration-error",
                                    "internal-error"};
};
struct HeaderError {
  enum Case : uint32_t { kInvalidSyntax, kForbidden, kImmutable };
  std::variant<Nothing, Nothing, Nothing> value;
  static constexpr std::array cases{"invalid-syntax", "forbidden", "immutable"};
};
using FieldKey = std::string;
using FieldName = FieldKey;
using FieldValue = std::vector<uint8_t>;
struct Fields;
using Headers = Fields;
using Trailers = Fields;
struct IncomingRequest;
struct OutgoingRequest;
struct RequestOptions;
struct ResponseOutparam;
using StatusCode = uint16_t;
struct IncomingResponse;
struct IncomingBody;
struct FutureTrailers;
struct OutgoingResponse;
struct OutgoingBody;
struct FutureIncomingResponse;

/// What a host does for wasi:http/types@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_fields(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_incoming_request(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_outgoing_request(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_request_options(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_response_outparam(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_incoming_response(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_incoming_body(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_future_trailers(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_outgoing_response(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_outgoing_body(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_future_incoming_response(uint32_t rep) = 0;
  virtual ashlar::Result<Own<Fields>> new_fields() = 0;
  virtual ashlar::Result<std::expected<Own<Fields>, HeaderError>> fields_from_list(
      std::vector<std::tuple<FieldName, FieldValue>> entries) = 0;
  virtual ashlar::Result<std::vector<FieldValue>> fields_get(Borrow<Fields> self, FieldName name) = 0;
  virtual ashlar::Result<bool> fields_has(Borrow<Fields> self, FieldName name) = 0;
  virtual ashlar::Result<std::expected<void, HeaderError>> fields_set(Borrow<Fields> self, FieldName name,
                                                                      std::vector<FieldValue> value) = 0;
  virtual ashlar::Result<std::expected<void, HeaderError>> fields_delete(Borrow<Fields> self, FieldName name) = 0;
  virtual ashlar::Result<std::expected<void, HeaderError>> fields_append(Borrow<Fields> self, FieldName name,
                                                                         FieldValue value) = 0;
  virtual ashlar::Result<std::vector<std::tuple<FieldName, FieldValue>>> fields_entries(Borrow<Fields> self) = 0;
  virtual ashlar::Result<Own<Fields>> fields_clone(Borrow<Fields> self) = 0;
  virtual ashlar::Result<Method> incoming_request_method(Borrow<IncomingRequest> self) = 0;
  virtual ashlar::Result<std::optional<std::string>> incoming_request_path_with_query(Borrow<IncomingRequest> self) = 0;
  virtual ashlar::Result<std::optional<Scheme>> incoming_request_scheme(Borrow<IncomingRequest> self) = 0;
  virtual ashlar::Result<std::optional<std::string>> incoming_request_authority(Borrow<IncomingRequest> self) = 0;
  virtual ashlar::Result<Own<Fields>> incoming_request_headers(Borrow<IncomingRequest> self) = 0;
  virtual ashlar::Result<std::expected<Own<IncomingBody>, Nothing>> incoming_request_consume(
      Borrow<IncomingRequest> self) = 0;
  virtual ashlar::Result<Own<OutgoingRequest>> new_outgoing_request(Own<Fields> headers) = 0;
  virtual ashlar::Result<std::expected<Own<OutgoingBody>, Nothing>> outgoing_request_body(
      Borrow<OutgoingRequest> self) = 0;
  virtual ashlar::Result<Method> outgoing_request_method(Borrow<OutgoingRequest> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> outgoing_request_set_method(Borrow<OutgoingRequest> self,
                                                                                   Method method) = 0;
  virtual ashlar::Result<std::optional<std::string>> outgoing_request_path_with_query(Borrow<OutgoingRequest> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> outgoing_request_set_path_with_query(
      Borrow<OutgoingRequest> self, std::optional<std::string> path_with_query) = 0;
  virtual ashlar::Result<std::optional<Scheme>> outgoing_request_scheme(Borrow<OutgoingRequest> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> outgoing_request_set_scheme(Borrow<OutgoingRequest> self,
                                                                                   std::optional<Scheme> scheme) = 0;
  virtual ashlar::Result<std::optional<std::string>> outgoing_request_authority(Borrow<OutgoingRequest> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> outgoing_request_set_authority(
      Borrow<OutgoingRequest> self, std::optional<std::string> authority) = 0;
  virtual ashlar::Result<Own<Fields>> outgoing_request_headers(Borrow<OutgoingRequest> self) = 0;
  virtual ashlar::Result<Own<RequestOptions>> new_request_options() = 0;
  virtual ashlar::Result<std::optional<Duration>> request_options_connect_timeout(Borrow<RequestOptions> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> request_options_set_connect_timeout(
      Borrow<RequestOptions> self, std::optional<Duration> duration) = 0;
  virtual ashlar::Result<std::optional<Duration>> request_options_first_byte_timeout(Borrow<RequestOptions> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> request_options_set_first_byte_timeout(
      Borrow<RequestOptions> self, std::optional<Duration> duration) = 0;
  virtual ashlar::Result<std::optional<Duration>> request_options_between_bytes_timeout(
      Borrow<RequestOptions> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> request_options_set_between_bytes_timeout(
      Borrow<RequestOptions> self, std::optional<Duration> duration) = 0;
  virtual ashlar::Status response_outparam_set(Own<ResponseOutparam> param,
                                               std::expected<Own<OutgoingResponse>, ErrorCode> response) = 0;
  virtual ashlar::Result<StatusCode> incoming_response_status(Borrow<IncomingResponse> self) = 0;
  virtual ashlar::Result<Own<Fields>> incoming_response_headers(Borrow<IncomingResponse> self) = 0;
  virtual ashlar::Result<std::expected<Own<IncomingBody>, Nothing>> incoming_response_consume(
      Borrow<IncomingResponse> self) = 0;
  virtual ashlar::Result<std::expected<Own<::ashlar::wasi::p2::io::streams::InputStream>, Nothing>>
  incoming_body_stream(Borrow<IncomingBody> self) = 0;
  virtual ashlar::Result<Own<FutureTrailers>> incoming_body_finish(Own<IncomingBody> this_) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> future_trailers_subscribe(
      Borrow<FutureTrailers> self) = 0;
  virtual ashlar::Result<std::optional<std::expected<std::expected<std::optional<Own<Fields>>, ErrorCode>, Nothing>>>
  future_trailers_get(Borrow<FutureTrailers> self) = 0;
  virtual ashlar::Result<Own<OutgoingResponse>> new_outgoing_response(Own<Fields> headers) = 0;
  virtual ashlar::Result<StatusCode> outgoing_response_status_code(Borrow<OutgoingResponse> self) = 0;
  virtual ashlar::Result<std::expected<void, Nothing>> outgoing_response_set_status_code(Borrow<OutgoingResponse> self,
                                                                                         StatusCode status_code) = 0;
  virtual ashlar::Result<Own<Fields>> outgoing_response_headers(Borrow<OutgoingResponse> self) = 0;
  virtual ashlar::Result<std::expected<Own<OutgoingBody>, Nothing>> outgoing_response_body(
      Borrow<OutgoingResponse> self) = 0;
  virtual ashlar::Result<std::expected<Own<::ashlar::wasi::p2::io::streams::OutputStream>, Nothing>>
  outgoing_body_write(Borrow<OutgoingBody> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> outgoing_body_finish(Own<OutgoingBody> this_,
                                                                              std::optional<Own<Fields>> trailers) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> future_incoming_response_subscribe(
      Borrow<FutureIncomingResponse> self) = 0;
  virtual ashlar::Result<std::optional<std::expected<std::expected<Own<IncomingResponse>, ErrorCode>, Nothing>>>
  future_incoming_response_get(Borrow<FutureIncomingResponse> self) = 0;
  virtual ashlar::Result<std::optional<ErrorCode>> http_error_code(
      Borrow<::ashlar::wasi::p2::io::error::Error> err) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "fields", {[&host](uint32_t rep) { host.drop_fields(rep); }, tag_of<Fields>()});
  to.resource(kName, "incoming-request",
              {[&host](uint32_t rep) { host.drop_incoming_request(rep); }, tag_of<IncomingRequest>()});
  to.resource(kName, "outgoing-request",
              {[&host](uint32_t rep) { host.drop_outgoing_request(rep); }, tag_of<OutgoingRequest>()});
  to.resource(kName, "request-options",
              {[&host](uint32_t rep) { host.drop_request_options(rep); }, tag_of<RequestOptions>()});
  to.resource(kName, "response-outparam",
              {[&host](uint32_t rep) { host.drop_response_outparam(rep); }, tag_of<ResponseOutparam>()});
  to.resource(kName, "incoming-response",
              {[&host](uint32_t rep) { host.drop_incoming_response(rep); }, tag_of<IncomingResponse>()});
  to.resource(kName, "incoming-body",
              {[&host](uint32_t rep) { host.drop_incoming_body(rep); }, tag_of<IncomingBody>()});
  to.resource(kName, "future-trailers",
              {[&host](uint32_t rep) { host.drop_future_trailers(rep); }, tag_of<FutureTrailers>()});
  to.resource(kName, "outgoing-response",
              {[&host](uint32_t rep) { host.drop_outgoing_response(rep); }, tag_of<OutgoingResponse>()});
  to.resource(kName, "outgoing-body",
              {[&host](uint32_t rep) { host.drop_outgoing_body(rep); }, tag_of<OutgoingBody>()});
  to.resource(kName, "future-incoming-response",
              {[&host](uint32_t rep) { host.drop_future_incoming_response(rep); }, tag_of<FutureIncomingResponse>()});
  to.function(kName, "[constructor]fields", typed_function([&host]() { return host.new_fields(); }));
  to.function(kName, "[static]fields.from-list",
              typed_function([&host](std::vector<std::tuple<FieldName, FieldValue>> entries) {
                return host.fields_from_list(std::move(entries));
              }));
  to.function(kName, "[method]fields.get", typed_function([&host](Borrow<Fields> self, FieldName name) {
                return host.fields_get(std::move(self), std::move(name));
              }));
  to.function(kName, "[method]fields.has", typed_function([&host](Borrow<Fields> self, FieldName name) {
                return host.fields_has(std::move(self), std::move(name));
              }));
  to.function(kName, "[method]fields.set",
              typed_function([&host](Borrow<Fields> self, FieldName name, std::vector<FieldValue> value) {
                return host.fields_set(std::move(self), std::move(name), std::move(value));
              }));
  to.function(kName, "[method]fields.delete", typed_function([&host](Borrow<Fields> self, FieldName name) {
                return host.fields_delete(std::move(self), std::move(name));
              }));
  to.function(kName, "[method]fields.append",
              typed_function([&host](Borrow<Fields> self, FieldName name, FieldValue value) {
                return host.fields_append(std::move(self), std::move(name), std::move(value));
              }));
  to.function(kName, "[method]fields.entries",
              typed_function([&host](Borrow<Fields> self) { return host.fields_entries(std::move(self)); }));
  to.function(kName, "[method]fields.clone",
              typed_function([&host](Borrow<Fields> self) { return host.fields_clone(std::move(self)); }));
  to.function(kName, "[method]incoming-request.method", typed_function([&host](Borrow<IncomingRequest> self) {
                return host.incoming_request_method(std::move(self));
              }));
  to.function(kName, "[method]incoming-request.path-with-query", typed_function([&host](Borrow<IncomingRequest> self) {
                return host.incoming_request_path_with_query(std::move(self));
              }));
  to.function(kName, "[method]incoming-request.scheme", typed_function([&host](Borrow<IncomingRequest> self) {
                return host.incoming_request_scheme(std::move(self));
              }));
  to.function(kName, "[method]incoming-request.authority", typed_function([&host](Borrow<IncomingRequest> self) {
                return host.incoming_request_authority(std::move(self));
              }));
  to.function(kName, "[method]incoming-request.headers", typed_function([&host](Borrow<IncomingRequest> self) {
                return host.incoming_request_headers(std::move(self));
              }));
  to.function(kName, "[method]incoming-request.consume", typed_function([&host](Borrow<IncomingRequest> self) {
                return host.incoming_request_consume(std::move(self));
              }));
  to.function(kName, "[constructor]outgoing-request",
              typed_function([&host](Own<Fields> headers) { return host.new_outgoing_request(std::move(headers)); }));
  to.function(kName, "[method]outgoing-request.body", typed_function([&host](Borrow<OutgoingRequest> self) {
                return host.outgoing_request_body(std::move(self));
              }));
  to.function(kName, "[method]outgoing-request.method", typed_function([&host](Borrow<OutgoingRequest> self) {
                return host.outgoing_request_method(std::move(self));
              }));
  to.function(kName, "[method]outgoing-request.set-method",
              typed_function([&host](Borrow<OutgoingRequest> self, Method method) {
                return host.outgoing_request_set_method(std::move(self), std::move(method));
              }));
  to.function(kName, "[method]outgoing-request.path-with-query", typed_function([&host](Borrow<OutgoingRequest> self) {
                return host.outgoing_request_path_with_query(std::move(self));
              }));
  to.function(kName, "[method]outgoing-request.set-path-with-query",
              typed_function([&host](Borrow<OutgoingRequest> self, std::optional<std::string> path_with_query) {
                return host.outgoing_request_set_path_with_query(std::move(self), std::move(path_with_query));
              }));
  to.function(kName, "[method]outgoing-request.scheme", typed_function([&host](Borrow<OutgoingRequest> self) {
                return host.outgoing_request_scheme(std::move(self));
              }));
  to.function(kName, "[method]outgoing-request.set-scheme",
              typed_function([&host](Borrow<OutgoingRequest> self, std::optional<Scheme> scheme) {
                return host.outgoing_request_set_scheme(std::move(self), std::move(scheme));
              }));
  to.function(kName, "[method]outgoing-request.authority", typed_function([&host](Borrow<OutgoingRequest> self) {
                return host.outgoing_request_authority(std::move(self));
              }));
  to.function(kName, "[method]outgoing-request.set-authority",
              typed_function([&host](Borrow<OutgoingRequest> self, std::optional<std::string> authority) {
                return host.outgoing_request_set_authority(std::move(self), std::move(authority));
              }));
  to.function(kName, "[method]outgoing-request.headers", typed_function([&host](Borrow<OutgoingRequest> self) {
                return host.outgoing_request_headers(std::move(self));
              }));
  to.function(kName, "[constructor]request-options", typed_function([&host]() { return host.new_request_options(); }));
  to.function(kName, "[method]request-options.connect-timeout", typed_function([&host](Borrow<RequestOptions> self) {
                return host.request_options_connect_timeout(std::move(self));
              }));
  to.function(kName, "[method]request-options.set-connect-timeout",
              typed_function([&host](Borrow<RequestOptions> self, std::optional<Duration> duration) {
                return host.request_options_set_connect_timeout(std::move(self), std::move(duration));
              }));
  to.function(kName, "[method]request-options.first-byte-timeout", typed_function([&host](Borrow<RequestOptions> self) {
                return host.request_options_first_byte_timeout(std::move(self));
              }));
  to.function(kName, "[method]request-options.set-first-byte-timeout",
              typed_function([&host](Borrow<RequestOptions> self, std::optional<Duration> duration) {
                return host.request_options_set_first_byte_timeout(std::move(self), std::move(duration));
              }));
  to.function(kName, "[method]request-options.between-bytes-timeout",
              typed_function([&host](Borrow<RequestOptions> self) {
                return host.request_options_between_bytes_timeout(std::move(self));
              }));
  to.function(kName, "[method]request-options.set-between-bytes-timeout",
              typed_function([&host](Borrow<RequestOptions> self, std::optional<Duration> duration) {
                return host.request_options_set_between_bytes_timeout(std::move(self), std::move(duration));
              }));
  to.function(
      kName, "[static]response-outparam.set",
      typed_function([&host](Own<ResponseOutparam> param, std::expected<Own<OutgoingResponse>, ErrorCode> response) {
        return host.response_outparam_set(std::move(param), std::move(response));
      }));
  to.function(kName, "[method]incoming-response.status", typed_function([&host](Borrow<IncomingResponse> self) {
                return host.incoming_response_status(std::move(self));
              }));
  to.function(kName, "[method]incoming-response.headers", typed_function([&host](Borrow<IncomingResponse> self) {
                return host.incoming_response_headers(std::move(self));
              }));
  to.function(kName, "[method]incoming-response.consume", typed_function([&host](Borrow<IncomingResponse> self) {
                return host.incoming_response_consume(std::move(self));
              }));
  to.function(kName, "[method]incoming-body.stream", typed_function([&host](Borrow<IncomingBody> self) {
                return host.incoming_body_stream(std::move(self));
              }));
  to.function(kName, "[static]incoming-body.finish",
              typed_function([&host](Own<IncomingBody> this_) { return host.incoming_body_finish(std::move(this_)); }));
  to.function(kName, "[method]future-trailers.subscribe", typed_function([&host](Borrow<FutureTrailers> self) {
                return host.future_trailers_subscribe(std::move(self));
              }));
  to.function(kName, "[method]future-trailers.get", typed_function([&host](Borrow<FutureTrailers> self) {
                return host.future_trailers_get(std::move(self));
              }));
  to.function(kName, "[constructor]outgoing-response",
              typed_function([&host](Own<Fields> headers) { return host.new_outgoing_response(std::move(headers)); }));
  to.function(kName, "[method]outgoing-response.status-code", typed_function([&host](Borrow<OutgoingResponse> self) {
                return host.outgoing_response_status_code(std::move(self));
              }));
  to.function(kName, "[method]outgoing-response.set-status-code",
              typed_function([&host](Borrow<OutgoingResponse> self, StatusCode status_code) {
                return host.outgoing_response_set_status_code(std::move(self), std::move(status_code));
              }));
  to.function(kName, "[method]outgoing-response.headers", typed_function([&host](Borrow<OutgoingResponse> self) {
                return host.outgoing_response_headers(std::move(self));
              }));
  to.function(kName, "[method]outgoing-response.body", typed_function([&host](Borrow<OutgoingResponse> self) {
                return host.outgoing_response_body(std::move(self));
              }));
  to.function(kName, "[method]outgoing-body.write",
              typed_function([&host](Borrow<OutgoingBody> self) { return host.outgoing_body_write(std::move(self)); }));
  to.function(kName, "[static]outgoing-body.finish",
              typed_function([&host](Own<OutgoingBody> this_, std::optional<Own<Fields>> trailers) {
                return host.outgoing_body_finish(std::move(this_), std::move(trailers));
              }));
  to.function(kName, "[method]future-incoming-response.subscribe",
              typed_function([&host](Borrow<FutureIncomingResponse> self) {
                return host.future_incoming_response_subscribe(std::move(self));
              }));
  to.function(kName, "[method]future-incoming-response.get",
              typed_function([&host](Borrow<FutureIncomingResponse> self) {
                return host.future_incoming_response_get(std::move(self));
              }));
  to.function(kName, "http-error-code", typed_function([&host](Borrow<::ashlar::wasi::p2::io::error::Error> err) {
                return host.http_error_code(std::move(err));
              }));
}

}  // namespace types

namespace incoming_handler {

inline constexpr char kName[] = "wasi:http/incoming-handler@0.2.12";

using IncomingRequest = types::IncomingRequest;
using ResponseOutparam = types::ResponseOutparam;

/// What a host does for wasi:http/incoming-handler@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Status handle(Own<types::IncomingRequest> request, Own<types::ResponseOutparam> response_out) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "handle",
              typed_function([&host](Own<types::IncomingRequest> request, Own<types::ResponseOutparam> response_out) {
                return host.handle(std::move(request), std::move(response_out));
              }));
}

}  // namespace incoming_handler

namespace outgoing_handler {

inline constexpr char kName[] = "wasi:http/outgoing-handler@0.2.12";

using OutgoingRequest = types::OutgoingRequest;
using RequestOptions = types::RequestOptions;
using FutureIncomingResponse = types::FutureIncomingResponse;
using ErrorCode = types::ErrorCode;

/// What a host does for wasi:http/outgoing-handler@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::expected<Own<types::FutureIncomingResponse>, ErrorCode>> handle(
      Own<types::OutgoingRequest> request, std::optional<Own<types::RequestOptions>> options) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(
      kName, "handle",
      typed_function([&host](Own<types::OutgoingRequest> request, std::optional<Own<types::RequestOptions>> options) {
        return host.handle(std::move(request), std::move(options));
      }));
}

}  // namespace outgoing_handler

}  // namespace ashlar::wasi::p2::http
