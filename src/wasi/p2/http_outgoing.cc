// wasi:http/types: requests and responses that go, and their bodies; wasi:http/outgoing-handler.
#include <algorithm>

#include "wasi/p2/http.h"

namespace ashlar::wasi::p2 {

namespace {

constexpr uint16_t kFirstStatus = 100, kLastStatus = 999, kNotModified = 304;

using Done = std::expected<void, Nothing>;
Done refuse() { return std::unexpected(Nothing{}); }

std::optional<uint64_t> length_of(const host::HttpFields& fields) {
  const std::string* text = host::find_field(fields, "content-length");
  return text == nullptr ? std::nullopt : host::parse_http_length(*text);
}

std::string method_text(const http::types::Method& method) {
  if (const auto* other = std::get_if<std::string>(&method.value)) return *other;
  std::string out = http::types::Method::cases[method.value.index()];
  std::ranges::transform(out, out.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return out;
}

}  // namespace

HttpBodyWriter::HttpBodyWriter(host::SharedHttpBody b, std::shared_ptr<Waking> waking) : body(std::move(b)) {
  body->on_room = [waking = std::move(waking)] { waking->wake(); };
}
HttpBodyWriter::~HttpBodyWriter() {
  body->on_room = {};
  // Of what has ended nothing changes.
  body->fail({host::HttpErrorCode::InternalError, "the body was dropped before it was finished", {}});
}

// ---- both

HttpHost::Outcome<Own<HttpHost::OutgoingBody>, Nothing> HttpHost::body_of(OutgoingMessage& message,
                                                                          host::HttpErrorCode wrong_length) {
  using Out = std::expected<Own<OutgoingBody>, Nothing>;
  if (message.body) return Out(std::unexpected(Nothing{}));
  message.body = std::make_shared<host::HttpBody>();
  message.body->length = length_of(message.fields->fields);
  message.body->wrong_length = wrong_length;
  OutgoingBodyState state;
  state.writer = std::make_shared<HttpBodyWriter>(message.body, w_.waking);
  return Out(Own<OutgoingBody>{outgoing_bodies_.add(std::move(state))});
}

OutgoingMessage HttpHost::send_off(uint32_t rep) {
  OutgoingMessage out = std::move(outgoing_[rep]);
  outgoing_.drop(rep);
  if (!out.body) {
    out.body = std::make_shared<host::HttpBody>();
    out.body->end();
  }
  return out;
}

HttpHost::Outcome<Own<HttpHost::OutputStream>, Nothing> HttpHost::outgoing_body_write(Borrow<OutgoingBody> self) {
  using Out = std::expected<Own<OutputStream>, Nothing>;
  OutgoingBodyState& body = outgoing_bodies_[self.rep];
  if (body.stream_taken) return Out(std::unexpected(Nothing{}));
  body.stream_taken = true;
  auto share = std::make_shared<host::SharedHttpBody>(body.writer->body);
  body.stream = share;
  Stream stream;
  stream.body = body.writer->body;
  stream.parent = std::move(share);
  return Out(Own<OutputStream>{w_.output.add(std::move(stream))});
}

HttpHost::Outcome<void, HttpHost::ErrorCode> HttpHost::outgoing_body_finish(Own<OutgoingBody> self,
                                                                            std::optional<Own<Fields>> trailers) {
  using Out = std::expected<void, ErrorCode>;
  if (!outgoing_bodies_[self.rep].stream.expired()) {
    return make_error(ashlar::ErrorCode::component_trap, kNoOffset,
                      "wasi:http/types: an outgoing-body is finished while its stream is alive");
  }
  const std::shared_ptr<HttpBodyWriter> writer = std::move(outgoing_bodies_[self.rep].writer);
  outgoing_bodies_.drop(self.rep);
  std::optional<host::HttpFields> fields;
  if (trailers) fields = take_fields(trailers->rep)->fields;
  host::HttpBody& body = *writer->body;
  if (body.length && body.written() != *body.length) {
    body.fail({body.wrong_length, {}, body.written()});
  }
  if (body.error()) return Out(std::unexpected(to_guest(*body.error())));
  body.end(std::move(fields));
  return Out();
}

// ---- requests

Result<Own<HttpHost::OutgoingRequest>> HttpHost::new_outgoing_request(Own<Fields> headers) {
  OutgoingMessage message;
  message.fields = take_fields(headers.rep);
  return Own<OutgoingRequest>{outgoing_.add(std::move(message))};
}

HttpHost::Outcome<Own<HttpHost::OutgoingBody>, Nothing> HttpHost::outgoing_request_body(Borrow<OutgoingRequest> self) {
  return body_of(outgoing_[self.rep], host::HttpErrorCode::HttpRequestBodySize);
}

Result<HttpHost::Method> HttpHost::outgoing_request_method(Borrow<OutgoingRequest> self) {
  return to_guest_method(outgoing_[self.rep].method);
}

HttpHost::Outcome<void, Nothing> HttpHost::outgoing_request_set_method(Borrow<OutgoingRequest> self, Method method) {
  std::string text = method_text(method);
  if (!host::is_http_token(text)) return refuse();
  outgoing_[self.rep].method = std::move(text);
  return Done();
}

Result<std::optional<std::string>> HttpHost::outgoing_request_path_with_query(Borrow<OutgoingRequest> self) {
  return outgoing_[self.rep].path;
}

HttpHost::Outcome<void, Nothing> HttpHost::outgoing_request_set_path_with_query(Borrow<OutgoingRequest> self,
                                                                                std::optional<std::string> path) {
  if (path && !host::is_http_path(*path)) return refuse();
  outgoing_[self.rep].path = std::move(path);
  return Done();
}

Result<std::optional<HttpHost::Scheme>> HttpHost::outgoing_request_scheme(Borrow<OutgoingRequest> self) {
  const std::optional<std::string>& scheme = outgoing_[self.rep].scheme;
  if (!scheme) return std::nullopt;
  Scheme out;
  if (scheme == "https") {
    out.value.emplace<Scheme::kHTTPS>();
  } else if (scheme != "http") {
    out.value.emplace<Scheme::kOther>(*scheme);
  }
  return out;
}

HttpHost::Outcome<void, Nothing> HttpHost::outgoing_request_set_scheme(Borrow<OutgoingRequest> self,
                                                                       std::optional<Scheme> scheme) {
  std::optional<std::string> text;
  if (scheme) {
    const auto* other = std::get_if<std::string>(&scheme->value);
    text = other != nullptr ? *other : scheme->value.index() == Scheme::kHTTPS ? "https" : "http";
    // RFC 3986, 3.1; all of its marks are marks of tokens, too.
    if (!host::is_http_token(*text) || text->find_first_of("!#$%&'*^_`|~") != std::string::npos) return refuse();
  }
  outgoing_[self.rep].scheme = std::move(text);
  return Done();
}

Result<std::optional<std::string>> HttpHost::outgoing_request_authority(Borrow<OutgoingRequest> self) {
  return outgoing_[self.rep].authority;
}

HttpHost::Outcome<void, Nothing> HttpHost::outgoing_request_set_authority(Borrow<OutgoingRequest> self,
                                                                          std::optional<std::string> authority) {
  if (authority && !host::is_http_authority(*authority)) return refuse();
  outgoing_[self.rep].authority = std::move(authority);
  return Done();
}

Result<Own<HttpHost::Fields>> HttpHost::outgoing_request_headers(Borrow<OutgoingRequest> self) {
  return show(outgoing_[self.rep].fields);
}

Result<Own<HttpHost::RequestOptions>> HttpHost::new_request_options() { return Own<RequestOptions>{options_.add({})}; }

Result<std::optional<HttpHost::Duration>> HttpHost::request_options_connect_timeout(Borrow<RequestOptions> self) {
  return options_[self.rep].connect;
}
HttpHost::Outcome<void, Nothing> HttpHost::request_options_set_connect_timeout(Borrow<RequestOptions> self,
                                                                               std::optional<Duration> duration) {
  options_[self.rep].connect = duration;
  return Done();
}
Result<std::optional<HttpHost::Duration>> HttpHost::request_options_first_byte_timeout(Borrow<RequestOptions> self) {
  return options_[self.rep].first_byte;
}
HttpHost::Outcome<void, Nothing> HttpHost::request_options_set_first_byte_timeout(Borrow<RequestOptions> self,
                                                                                  std::optional<Duration> duration) {
  options_[self.rep].first_byte = duration;
  return Done();
}
Result<std::optional<HttpHost::Duration>> HttpHost::request_options_between_bytes_timeout(Borrow<RequestOptions> self) {
  return options_[self.rep].between_bytes;
}
HttpHost::Outcome<void, Nothing> HttpHost::request_options_set_between_bytes_timeout(Borrow<RequestOptions> self,
                                                                                     std::optional<Duration> duration) {
  options_[self.rep].between_bytes = duration;
  return Done();
}

HttpHost::Outcome<Own<HttpHost::FutureIncomingResponse>, HttpHost::ErrorCode> HttpHost::handle(
    Own<OutgoingRequest> request, std::optional<Own<RequestOptions>> options) {
  using Out = std::expected<Own<FutureIncomingResponse>, ErrorCode>;
  OutgoingMessage message = send_off(request.rep);
  host::HttpTimeouts timeouts;
  if (options) {
    timeouts = options_[options->rep];
    options_.drop(options->rep);
  }
  const auto fail = [](host::HttpErrorCode code, const char* text = "") {
    return Out(std::unexpected(to_guest({code, text, {}})));
  };
  if (client_ == nullptr) return fail(host::HttpErrorCode::HttpRequestDenied);
  host::HttpRequest out;
  out.method = std::move(message.method);
  out.scheme = std::move(message.scheme).value_or("https");
  out.authority = std::move(message.authority).value_or("");
  if (out.scheme != "http" && out.scheme != "https") return fail(host::HttpErrorCode::HttpProtocolError);
  if (out.authority.empty()) return fail(host::HttpErrorCode::HttpRequestUriInvalid);
  // WASI's text takes no path for an empty one; other hosts refuse it, and programs rely on that.
  if (!message.path) return fail(host::HttpErrorCode::HttpRequestUriInvalid);
  out.path = *std::move(message.path);
  if (out.path.empty()) out.path = "/";
  if (out.path.front() == '?') out.path.insert(0, "/");
  if (out.path.front() != '/') return fail(host::HttpErrorCode::HttpRequestUriInvalid);
  out.fields = message.fields->fields;
  out.body = std::move(message.body);
  std::shared_ptr<host::PendingHttpResponse> pending = client_->send(std::move(out), timeouts);
  pending->on_outcome = [waking = w_.waking] { waking->wake(); };
  return Out(Own<FutureIncomingResponse>{futures_.add({std::move(pending)})});
}

// ---- responses

Result<Own<HttpHost::OutgoingResponse>> HttpHost::new_outgoing_response(Own<Fields> headers) {
  OutgoingMessage message;
  message.fields = take_fields(headers.rep);
  return Own<OutgoingResponse>{outgoing_.add(std::move(message))};
}

Result<uint16_t> HttpHost::outgoing_response_status_code(Borrow<OutgoingResponse> self) {
  return outgoing_[self.rep].status;
}

HttpHost::Outcome<void, Nothing> HttpHost::outgoing_response_set_status_code(Borrow<OutgoingResponse> self,
                                                                             uint16_t status) {
  if (status < kFirstStatus || status > kLastStatus) return refuse();
  outgoing_[self.rep].status = status;
  return Done();
}

Result<Own<HttpHost::Fields>> HttpHost::outgoing_response_headers(Borrow<OutgoingResponse> self) {
  return show(outgoing_[self.rep].fields);
}

HttpHost::Outcome<Own<HttpHost::OutgoingBody>, Nothing> HttpHost::outgoing_response_body(
    Borrow<OutgoingResponse> self) {
  OutgoingMessage& message = outgoing_[self.rep];
  TRY_ASSIGN(auto out, body_of(message, host::HttpErrorCode::HttpResponseBodySize));
  // RFC 9110, 8.6: the length is then of a body that nobody sends.
  if (out && (asked_for_head_ || message.status == kNotModified)) message.body->length.reset();
  return out;
}

Status HttpHost::response_outparam_set(Own<ResponseOutparam> param,
                                       std::expected<Own<OutgoingResponse>, ErrorCode> response) {
  const Respond respond = std::move(outparams_[param.rep]);
  outparams_.drop(param.rep);
  if (!response) {
    respond(std::unexpected(from_guest(response.error())));
    return {};
  }
  OutgoingMessage message = send_off(response->rep);
  respond(host::HttpResponse{message.status, message.fields->fields, std::move(message.body)});
  return {};
}

}  // namespace ashlar::wasi::p2
