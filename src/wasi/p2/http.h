// wasi:http: messages and bodies as guests hold them, over wasi/host/http.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "wasi/host/http.h"
#include "wasi/p2/gen/http.h"
#include "wasi/p2/interfaces.h"

namespace ashlar::wasi::p2 {

/// More bytes than that no fields of a message may have, names and values.
inline constexpr size_t kMaxHttpFieldBytes = 128 << 10;

/// Fields, which messages share with the handles that show them.
struct HttpFieldsState {
  host::HttpFields fields;
  bool immutable = false;
};
using SharedHttpFields = std::shared_ptr<HttpFieldsState>;

/// The reader of a body: of the body's handle, its stream, and what waits for trailers. The last that goes gives it up.
class HttpBodyReader {
 public:
  explicit HttpBodyReader(host::SharedHttpBody b, std::shared_ptr<Waking> waking);
  HttpBodyReader(const HttpBodyReader&) = delete;
  HttpBodyReader& operator=(const HttpBodyReader&) = delete;
  ~HttpBodyReader();
  const host::SharedHttpBody body;
};
/// The writer: the message's and the body's handle. Gone without an end, it has failed.
class HttpBodyWriter {
 public:
  explicit HttpBodyWriter(host::SharedHttpBody b, std::shared_ptr<Waking> waking);
  HttpBodyWriter(const HttpBodyWriter&) = delete;
  HttpBodyWriter& operator=(const HttpBodyWriter&) = delete;
  ~HttpBodyWriter();
  const host::SharedHttpBody body;
};

/// A request or response that came.
struct IncomingMessage {
  host::HttpRequest request;  ///< of a request
  uint16_t status = 0;        ///< of a response
  SharedHttpFields fields;
  std::shared_ptr<HttpBodyReader> reader;  ///< until it is consumed
};
struct IncomingBodyState {
  std::shared_ptr<HttpBodyReader> reader;
  bool stream_taken = false;
  std::weak_ptr<void> stream;  ///< while that lives
};
struct TrailersState {
  std::shared_ptr<HttpBodyReader> reader;
  bool taken = false;
};
/// A request or response that is to go.
struct OutgoingMessage {
  std::string method = "GET";                          ///< of a request
  std::optional<std::string> scheme, authority, path;  ///< of a request, where the guest set them
  uint16_t status = 200;                               ///< of a response
  SharedHttpFields fields;
  host::SharedHttpBody body;               ///< once body() was called, or it was sent
  std::shared_ptr<HttpBodyWriter> writer;  ///< until it is taken
};
struct OutgoingBodyState {
  std::shared_ptr<HttpBodyWriter> writer;
  bool stream_taken = false;
  std::weak_ptr<void> stream;
};
struct FutureResponse {
  std::shared_ptr<host::PendingHttpResponse> pending;
  bool taken = false;
};

class HttpHost final : public http::types::Host, public http::outgoing_handler::Host {
 public:
  using ErrorCode = http::types::ErrorCode;
  using Fields = http::types::Fields;
  using FieldName = http::types::FieldName;
  using FieldValue = http::types::FieldValue;
  using FutureIncomingResponse = http::types::FutureIncomingResponse;
  using FutureTrailers = http::types::FutureTrailers;
  using HeaderError = http::types::HeaderError;
  using IncomingBody = http::types::IncomingBody;
  using IncomingRequest = http::types::IncomingRequest;
  using IncomingResponse = http::types::IncomingResponse;
  using InputStream = io::streams::InputStream;
  using Method = http::types::Method;
  using OutgoingBody = http::types::OutgoingBody;
  using OutgoingRequest = http::types::OutgoingRequest;
  using OutgoingResponse = http::types::OutgoingResponse;
  using OutputStream = io::streams::OutputStream;
  using Pollable = io::poll::Pollable;
  using RequestOptions = http::types::RequestOptions;
  using ResponseOutparam = http::types::ResponseOutparam;
  using Scheme = http::types::Scheme;
  using Duration = http::types::Duration;
  template <class T, class E>
  using Outcome = Result<std::expected<T, E>>;
  template <class T>
  using Later = Result<std::optional<std::expected<std::expected<T, ErrorCode>, Nothing>>>;
  using Respond = std::function<void(host::HttpOutcome)>;

  explicit HttpHost(World& w) : w_(w) {}

  /// For an incoming handler: the representations of what its function `handle` is given.
  uint32_t add_request(host::HttpRequest request);
  uint32_t add_outparam(Respond respond) { return outparams_.add(std::move(respond)); }
  /// Null: requests are denied.
  void set_client(host::HttpClient* client) { client_ = client; }
  /// What a guest had goes: bodies that are not written to their end fail.
  void reset();

  void drop_fields(uint32_t rep) override { fields_.drop(rep); }
  void drop_incoming_request(uint32_t rep) override { incoming_.drop(rep); }
  void drop_outgoing_request(uint32_t rep) override { outgoing_.drop(rep); }
  void drop_request_options(uint32_t rep) override { options_.drop(rep); }
  void drop_response_outparam(uint32_t rep) override { outparams_.drop(rep); }
  void drop_incoming_response(uint32_t rep) override { incoming_.drop(rep); }
  void drop_incoming_body(uint32_t rep) override { incoming_bodies_.drop(rep); }
  void drop_future_trailers(uint32_t rep) override { trailers_.drop(rep); }
  void drop_outgoing_response(uint32_t rep) override { outgoing_.drop(rep); }
  void drop_outgoing_body(uint32_t rep) override { outgoing_bodies_.drop(rep); }
  void drop_future_incoming_response(uint32_t rep) override { futures_.drop(rep); }

  // http_fields.cc
  Result<Own<Fields>> new_fields() override;
  Outcome<Own<Fields>, HeaderError> fields_from_list(std::vector<std::tuple<FieldName, FieldValue>> entries) override;
  Result<std::vector<FieldValue>> fields_get(Borrow<Fields> self, FieldName name) override;
  Result<bool> fields_has(Borrow<Fields> self, FieldName name) override;
  Outcome<void, HeaderError> fields_set(Borrow<Fields> self, FieldName name, std::vector<FieldValue> value) override;
  Outcome<void, HeaderError> fields_delete(Borrow<Fields> self, FieldName name) override;
  Outcome<void, HeaderError> fields_append(Borrow<Fields> self, FieldName name, FieldValue value) override;
  Result<std::vector<std::tuple<FieldName, FieldValue>>> fields_entries(Borrow<Fields> self) override;
  Result<Own<Fields>> fields_clone(Borrow<Fields> self) override;

  // http_incoming.cc
  Result<Method> incoming_request_method(Borrow<IncomingRequest> self) override;
  Result<std::optional<std::string>> incoming_request_path_with_query(Borrow<IncomingRequest> self) override;
  Result<std::optional<Scheme>> incoming_request_scheme(Borrow<IncomingRequest> self) override;
  Result<std::optional<std::string>> incoming_request_authority(Borrow<IncomingRequest> self) override;
  Result<Own<Fields>> incoming_request_headers(Borrow<IncomingRequest> self) override;
  Outcome<Own<IncomingBody>, Nothing> incoming_request_consume(Borrow<IncomingRequest> self) override;
  Result<uint16_t> incoming_response_status(Borrow<IncomingResponse> self) override;
  Result<Own<Fields>> incoming_response_headers(Borrow<IncomingResponse> self) override;
  Outcome<Own<IncomingBody>, Nothing> incoming_response_consume(Borrow<IncomingResponse> self) override;
  Outcome<Own<InputStream>, Nothing> incoming_body_stream(Borrow<IncomingBody> self) override;
  Result<Own<FutureTrailers>> incoming_body_finish(Own<IncomingBody> self) override;
  Result<Own<Pollable>> future_trailers_subscribe(Borrow<FutureTrailers> self) override;
  Later<std::optional<Own<Fields>>> future_trailers_get(Borrow<FutureTrailers> self) override;
  Result<Own<Pollable>> future_incoming_response_subscribe(Borrow<FutureIncomingResponse> self) override;
  Later<Own<IncomingResponse>> future_incoming_response_get(Borrow<FutureIncomingResponse> self) override;
  Result<std::optional<ErrorCode>> http_error_code(Borrow<io::error::Error> err) override;

  // http_outgoing.cc
  Result<Own<OutgoingRequest>> new_outgoing_request(Own<Fields> headers) override;
  Outcome<Own<OutgoingBody>, Nothing> outgoing_request_body(Borrow<OutgoingRequest> self) override;
  Result<Method> outgoing_request_method(Borrow<OutgoingRequest> self) override;
  Outcome<void, Nothing> outgoing_request_set_method(Borrow<OutgoingRequest> self, Method method) override;
  Result<std::optional<std::string>> outgoing_request_path_with_query(Borrow<OutgoingRequest> self) override;
  Outcome<void, Nothing> outgoing_request_set_path_with_query(Borrow<OutgoingRequest> self,
                                                              std::optional<std::string> path) override;
  Result<std::optional<Scheme>> outgoing_request_scheme(Borrow<OutgoingRequest> self) override;
  Outcome<void, Nothing> outgoing_request_set_scheme(Borrow<OutgoingRequest> self,
                                                     std::optional<Scheme> scheme) override;
  Result<std::optional<std::string>> outgoing_request_authority(Borrow<OutgoingRequest> self) override;
  Outcome<void, Nothing> outgoing_request_set_authority(Borrow<OutgoingRequest> self,
                                                        std::optional<std::string> authority) override;
  Result<Own<Fields>> outgoing_request_headers(Borrow<OutgoingRequest> self) override;
  Result<Own<RequestOptions>> new_request_options() override;
  Result<std::optional<Duration>> request_options_connect_timeout(Borrow<RequestOptions> self) override;
  Outcome<void, Nothing> request_options_set_connect_timeout(Borrow<RequestOptions> self,
                                                             std::optional<Duration> duration) override;
  Result<std::optional<Duration>> request_options_first_byte_timeout(Borrow<RequestOptions> self) override;
  Outcome<void, Nothing> request_options_set_first_byte_timeout(Borrow<RequestOptions> self,
                                                                std::optional<Duration> duration) override;
  Result<std::optional<Duration>> request_options_between_bytes_timeout(Borrow<RequestOptions> self) override;
  Outcome<void, Nothing> request_options_set_between_bytes_timeout(Borrow<RequestOptions> self,
                                                                   std::optional<Duration> duration) override;
  Status response_outparam_set(Own<ResponseOutparam> param,
                               std::expected<Own<OutgoingResponse>, ErrorCode> response) override;
  Result<Own<OutgoingResponse>> new_outgoing_response(Own<Fields> headers) override;
  Result<uint16_t> outgoing_response_status_code(Borrow<OutgoingResponse> self) override;
  Outcome<void, Nothing> outgoing_response_set_status_code(Borrow<OutgoingResponse> self, uint16_t status) override;
  Result<Own<Fields>> outgoing_response_headers(Borrow<OutgoingResponse> self) override;
  Outcome<Own<OutgoingBody>, Nothing> outgoing_response_body(Borrow<OutgoingResponse> self) override;
  Outcome<Own<OutputStream>, Nothing> outgoing_body_write(Borrow<OutgoingBody> self) override;
  Outcome<void, ErrorCode> outgoing_body_finish(Own<OutgoingBody> self, std::optional<Own<Fields>> trailers) override;
  Outcome<Own<FutureIncomingResponse>, ErrorCode> handle(Own<OutgoingRequest> request,
                                                         std::optional<Own<RequestOptions>> options) override;

 private:
  Own<Fields> show(const SharedHttpFields& fields) { return {fields_.add(fields)}; }
  /// Of fields that a message takes: they cannot change any more.
  SharedHttpFields take_fields(uint32_t rep);
  Outcome<Own<IncomingBody>, Nothing> consume(IncomingMessage& message);
  Outcome<Own<OutgoingBody>, Nothing> body_of(OutgoingMessage& message, host::HttpErrorCode wrong_length);
  /// What is sent: with an empty body, if the guest asked for none.
  OutgoingMessage send_off(uint32_t rep);
  Own<Pollable> subscribe(std::function<bool()> happened);

  World& w_;
  host::HttpClient* client_ = nullptr;
  bool asked_for_head_ = false;  ///< by the last request: the answer's length is of a body that nobody sends
  Slab<SharedHttpFields> fields_;
  Slab<IncomingMessage> incoming_;
  Slab<IncomingBodyState> incoming_bodies_;
  Slab<TrailersState> trailers_;
  Slab<OutgoingMessage> outgoing_;
  Slab<OutgoingBodyState> outgoing_bodies_;
  Slab<host::HttpTimeouts> options_;
  Slab<Respond> outparams_;
  Slab<FutureResponse> futures_;
};

// Between the host's errors and the guest's.
http::types::ErrorCode to_guest(const host::HttpError& error);
host::HttpError from_guest(const http::types::ErrorCode& error);
http::types::Method to_guest_method(const std::string& method);

}  // namespace ashlar::wasi::p2
