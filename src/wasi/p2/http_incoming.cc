// wasi:http/types: requests and responses that come, their bodies and trailers.
#include "wasi/p2/http.h"

namespace ashlar::wasi::p2 {

namespace {

Error has_child(const char* what) {
  return Error(ashlar::ErrorCode::component_trap, kNoOffset,
               std::string("wasi:http/types: ") + what + " is finished while its stream is alive");
}

SharedHttpFields received(host::HttpFields fields) {
  return std::make_shared<HttpFieldsState>(std::move(fields), true);
}

}  // namespace

HttpBodyReader::HttpBodyReader(host::SharedHttpBody b, std::shared_ptr<Waking> waking) : body(std::move(b)) {
  body->on_data = [waking = std::move(waking)] { waking->wake(); };
}
HttpBodyReader::~HttpBodyReader() {
  body->on_data = {};
  body->abandon();
}

uint32_t HttpHost::add_request(host::HttpRequest request) {
  asked_for_head_ = request.method == "HEAD";
  IncomingMessage message;
  message.fields = received(std::move(request.fields));
  message.reader = std::make_shared<HttpBodyReader>(std::move(request.body), w_.waking);
  message.request = std::move(request);
  return incoming_.add(std::move(message));
}

Own<HttpHost::Pollable> HttpHost::subscribe(std::function<bool()> happened) {
  return {w_.pollable({PollableState::Kind::Event, 0, nullptr, std::move(happened)})};
}

Result<HttpHost::Method> HttpHost::incoming_request_method(Borrow<IncomingRequest> self) {
  return to_guest_method(incoming_[self.rep].request.method);
}

Result<std::optional<std::string>> HttpHost::incoming_request_path_with_query(Borrow<IncomingRequest> self) {
  return incoming_[self.rep].request.path;
}

Result<std::optional<HttpHost::Scheme>> HttpHost::incoming_request_scheme(Borrow<IncomingRequest> self) {
  Scheme out;
  if (incoming_[self.rep].request.scheme == "https") out.value.emplace<Scheme::kHTTPS>();
  return out;
}

Result<std::optional<std::string>> HttpHost::incoming_request_authority(Borrow<IncomingRequest> self) {
  const std::string& authority = incoming_[self.rep].request.authority;
  if (authority.empty()) return std::nullopt;
  return authority;
}

Result<Own<HttpHost::Fields>> HttpHost::incoming_request_headers(Borrow<IncomingRequest> self) {
  return show(incoming_[self.rep].fields);
}

HttpHost::Outcome<Own<HttpHost::IncomingBody>, Nothing> HttpHost::consume(IncomingMessage& message) {
  if (!message.reader) return std::expected<Own<IncomingBody>, Nothing>(std::unexpected(Nothing{}));
  IncomingBodyState state;
  state.reader = std::move(message.reader);
  return std::expected<Own<IncomingBody>, Nothing>(Own<IncomingBody>{incoming_bodies_.add(std::move(state))});
}

HttpHost::Outcome<Own<HttpHost::IncomingBody>, Nothing> HttpHost::incoming_request_consume(
    Borrow<IncomingRequest> self) {
  return consume(incoming_[self.rep]);
}

Result<uint16_t> HttpHost::incoming_response_status(Borrow<IncomingResponse> self) {
  return incoming_[self.rep].status;
}

Result<Own<HttpHost::Fields>> HttpHost::incoming_response_headers(Borrow<IncomingResponse> self) {
  return show(incoming_[self.rep].fields);
}

HttpHost::Outcome<Own<HttpHost::IncomingBody>, Nothing> HttpHost::incoming_response_consume(
    Borrow<IncomingResponse> self) {
  return consume(incoming_[self.rep]);
}

HttpHost::Outcome<Own<HttpHost::InputStream>, Nothing> HttpHost::incoming_body_stream(Borrow<IncomingBody> self) {
  using Out = std::expected<Own<InputStream>, Nothing>;
  IncomingBodyState& body = incoming_bodies_[self.rep];
  if (body.stream_taken) return Out(std::unexpected(Nothing{}));
  body.stream_taken = true;
  // Its own share of the reader: the stream may outlive the body.
  auto share = std::make_shared<std::shared_ptr<HttpBodyReader>>(body.reader);
  body.stream = share;
  Stream stream;
  stream.body = body.reader->body;
  stream.parent = std::move(share);
  return Out(Own<InputStream>{w_.input.add(std::move(stream))});
}

Result<Own<HttpHost::FutureTrailers>> HttpHost::incoming_body_finish(Own<IncomingBody> self) {
  IncomingBodyState& body = incoming_bodies_[self.rep];
  if (!body.stream.expired()) return std::unexpected(has_child("an incoming-body"));
  body.reader->body->discard();
  const uint32_t made = trailers_.add({std::move(body.reader)});
  incoming_bodies_.drop(self.rep);
  return Own<FutureTrailers>{made};
}

Result<Own<HttpHost::Pollable>> HttpHost::future_trailers_subscribe(Borrow<FutureTrailers> self) {
  return subscribe([reader = trailers_[self.rep].reader] { return reader->body->finished(); });
}

HttpHost::Later<std::optional<Own<HttpHost::Fields>>> HttpHost::future_trailers_get(Borrow<FutureTrailers> self) {
  using Inner = std::expected<std::optional<Own<Fields>>, ErrorCode>;
  using Outer = std::expected<Inner, Nothing>;
  TrailersState& state = trailers_[self.rep];
  const host::HttpBody& body = *state.reader->body;
  if (!body.finished()) {
    TRY(w_.turn(true));
    return std::nullopt;
  }
  if (std::exchange(state.taken, true)) return Outer(std::unexpected(Nothing{}));
  if (body.error()) return Outer(Inner(std::unexpected(to_guest(*body.error()))));
  if (!body.trailers()) return Outer(Inner(std::nullopt));
  return Outer(Inner(show(received(*body.trailers()))));
}

Result<Own<HttpHost::Pollable>> HttpHost::future_incoming_response_subscribe(Borrow<FutureIncomingResponse> self) {
  const FutureResponse& future = futures_[self.rep];
  return subscribe([pending = future.pending] { return !pending || pending->outcome.has_value(); });
}

HttpHost::Later<Own<HttpHost::IncomingResponse>> HttpHost::future_incoming_response_get(
    Borrow<FutureIncomingResponse> self) {
  using Inner = std::expected<Own<IncomingResponse>, ErrorCode>;
  using Outer = std::expected<Inner, Nothing>;
  FutureResponse& future = futures_[self.rep];
  if (future.taken) return Outer(std::unexpected(Nothing{}));
  if (!future.pending->outcome) {
    TRY(w_.turn(true));
    return std::nullopt;
  }
  future.taken = true;
  host::HttpOutcome& outcome = *future.pending->outcome;
  if (!outcome) return Outer(Inner(std::unexpected(to_guest(outcome.error()))));
  IncomingMessage message;
  message.status = outcome->status;
  message.fields = received(std::move(outcome->fields));
  message.reader = std::make_shared<HttpBodyReader>(std::move(outcome->body), w_.waking);
  return Outer(Inner(Own<IncomingResponse>{incoming_.add(std::move(message))}));
}

Result<std::optional<HttpHost::ErrorCode>> HttpHost::http_error_code(Borrow<io::error::Error> err) {
  const StreamFailure& failure = w_.errors[err.rep];
  if (!failure.http) return std::nullopt;
  return to_guest(*failure.http);
}

void HttpHost::reset() {
  fields_ = {};
  incoming_ = {};
  incoming_bodies_ = {};
  trailers_ = {};
  outgoing_ = {};
  outgoing_bodies_ = {};
  options_ = {};
  outparams_ = {};
  futures_ = {};
}

}  // namespace ashlar::wasi::p2
