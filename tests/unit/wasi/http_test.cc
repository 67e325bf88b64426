// wasi:http as guests meet it: fields, bodies and their rules.
#include "wasi/p2/http.h"

#include <gtest/gtest.h>

namespace ashlar::wasi::p2 {
namespace {

using Fields = HttpHost::Fields;
using host::HttpErrorCode;
using http::types::HeaderError;

std::vector<uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

/// Answers at once what a test says, and keeps what it was sent.
struct FakeClient final : host::HttpClient {
  std::shared_ptr<host::PendingHttpResponse> send(host::HttpRequest r, const host::HttpTimeouts& t) override {
    request = std::move(r);
    timeouts = t;
    pending = std::make_shared<host::PendingHttpResponse>();
    return pending;
  }
  host::HttpRequest request;
  host::HttpTimeouts timeouts;
  std::shared_ptr<host::PendingHttpResponse> pending;
};

class WasiHttp : public testing::Test {
 protected:
  Borrow<Fields> lend(Own<Fields> f) { return {f.rep}; }
  Own<Fields> fields(std::initializer_list<std::pair<const char*, const char*>> list = {}) {
    std::vector<std::tuple<std::string, std::vector<uint8_t>>> entries;
    for (const auto& [name, value] : list) entries.emplace_back(name, bytes(value));
    return **http.fields_from_list(std::move(entries));
  }
  size_t error_of(const Result<std::expected<void, HeaderError>>& r) { return (*r).error().value.index(); }
  host::SharedHttpBody request_body = std::make_shared<host::HttpBody>();
  Own<HttpHost::IncomingBody> incoming() {
    host::HttpRequest r;
    r.method = "POST";
    r.path = "/p?q";
    r.authority = "host:1";
    r.fields = {{"A", "1"}, {"a", "2"}};
    r.body = request_body;
    request = http.add_request(std::move(r));
    return **http.incoming_request_consume({request});
  }
  std::string read(Own<HttpHost::InputStream> s) {
    auto got = streams.input_stream_read({s.rep}, 1000);
    return *got ? std::string((*got)->begin(), (*got)->end()) : "<" + std::to_string(got->error().value.index()) + ">";
  }

  World world;
  StreamsHost streams{world};
  HttpHost http{world};
  FakeClient client;
  uint32_t request = 0;
};

TEST_F(WasiHttp, FieldsKeepOrderAndIgnoreCase) {
  const auto f = lend(fields({{"Accept", "x"}, {"b", "1"}, {"aCCept", "y"}}));
  EXPECT_EQ(http.fields_get(f, "ACCEPT")->size(), 2u);
  EXPECT_TRUE(*http.fields_has(f, "B"));
  ASSERT_TRUE(*http.fields_set(f, "accept", {bytes("z")}));
  EXPECT_EQ(http.fields_entries(f)->size(), 2u);
  ASSERT_TRUE(*http.fields_delete(f, "B"));
  EXPECT_FALSE(*http.fields_has(f, "b"));
  ASSERT_TRUE(*http.fields_append(f, "c", bytes("\xff\t ")));
  EXPECT_EQ(http.fields_get(f, "c")->at(0), bytes("\xff\t "));
  EXPECT_TRUE(http.fields_get(f, "no such")->empty());
}

TEST_F(WasiHttp, FieldsRefuseWhatIsWrong) {
  const auto f = lend(fields());
  for (const char* name : {"", "a b", "a:", "\x80", "a\r\n"}) {
    EXPECT_EQ(error_of(http.fields_append(f, name, bytes("x"))), HeaderError::kInvalidSyntax) << name;
  }
  for (const char* value : {"a\nb", "a\r", "\x7f", "\x01"}) {
    EXPECT_EQ(error_of(http.fields_append(f, "x", bytes(value))), HeaderError::kInvalidSyntax) << value;
    EXPECT_EQ(error_of(http.fields_set(f, "x", {bytes(value)})), HeaderError::kInvalidSyntax) << value;
  }
  for (const char* name : {"Connection", "host", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"}) {
    EXPECT_EQ(error_of(http.fields_set(f, name, {bytes("x")})), HeaderError::kForbidden) << name;
  }
  EXPECT_FALSE(*http.fields_from_list({{"x", bytes("\n")}}));
  // No case of header-error says that they are too large.
  const auto large = http.fields_append(f, "x", std::vector<uint8_t>(kMaxHttpFieldBytes + 1, 'a'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), ashlar::ErrorCode::component_trap);
}

TEST_F(WasiHttp, FieldsOfMessagesCannotChange) {
  const auto response = *http.new_outgoing_response(fields({{"a", "b"}}));
  const auto shown = lend(*http.outgoing_response_headers({response.rep}));
  EXPECT_EQ(error_of(http.fields_set(shown, "a", {})), HeaderError::kImmutable);
  EXPECT_EQ(error_of(http.fields_append(shown, "a", bytes("x"))), HeaderError::kImmutable);
  EXPECT_EQ(error_of(http.fields_delete(shown, "a")), HeaderError::kImmutable);
  const auto copy = lend(*http.fields_clone(shown));
  EXPECT_TRUE(*http.fields_delete(copy, "a"));
  EXPECT_TRUE(*http.fields_has(shown, "a"));
}

TEST_F(WasiHttp, RequestsAreRead) {
  const auto body = incoming();
  EXPECT_EQ(http.incoming_request_method({request})->value.index(), HttpHost::Method::kPost);
  EXPECT_EQ(*http.incoming_request_path_with_query({request}), "/p?q");
  EXPECT_EQ(*http.incoming_request_authority({request}), "host:1");
  EXPECT_FALSE(*http.incoming_request_consume({request}));
  const auto stream = **http.incoming_body_stream({body.rep});
  EXPECT_FALSE(*http.incoming_body_stream({body.rep}));
  EXPECT_EQ(read(stream), "");
  request_body->write(bytes("abc"));
  EXPECT_EQ(read(stream), "abc");
  // Its child is alive.
  EXPECT_FALSE(http.incoming_body_finish(body));
  streams.drop_input_stream(stream.rep);
  const auto trailers = *http.incoming_body_finish(body);
  EXPECT_FALSE(*http.future_trailers_get({trailers.rep}));
  request_body->write(bytes("nobody reads that"));
  request_body->end(host::HttpFields{{"t", "u"}});
  EXPECT_FALSE(request_body->abandoned());
  auto got = http.future_trailers_get({trailers.rep});
  ASSERT_TRUE((*got)->value());
  EXPECT_EQ(http.fields_get({(**got)->value()->rep}, "t")->at(0), bytes("u"));
  EXPECT_FALSE(**http.future_trailers_get({trailers.rep}));
  http.drop_future_trailers(trailers.rep);
  EXPECT_TRUE(request_body->abandoned());
}

TEST_F(WasiHttp, ErrorsOfBodiesHaveTheirCode) {
  const auto body = incoming();
  const auto stream = **http.incoming_body_stream({body.rep});
  request_body->fail({HttpErrorCode::HttpRequestBodySize, {}, 77});
  auto got = streams.input_stream_read({stream.rep}, 10);
  ASSERT_FALSE(*got);
  const auto error = std::get<0>(got->error().value);
  const auto code = *http.http_error_code({error.rep});
  ASSERT_TRUE(code);
  EXPECT_EQ(std::get<HttpHost::ErrorCode::kHTTPRequestBodySize>(code->value), 77u);
  ErrorHost errors(world);
  EXPECT_EQ(*errors.error_to_debug_string({error.rep}), "HTTP-request-body-size (77)");
}

TEST_F(WasiHttp, ErrorCodesKeepWhatTheySay) {
  for (size_t i = 0; i <= static_cast<size_t>(HttpErrorCode::InternalError); ++i) {
    const host::HttpError error{static_cast<HttpErrorCode>(i), "text", 5};
    const auto guest = to_guest(error);
    EXPECT_EQ(guest.value.index(), i);
    EXPECT_EQ(from_guest(guest).code, error.code);
  }
  EXPECT_EQ(from_guest(to_guest({HttpErrorCode::InternalError, "why", {}})).text, "why");
  EXPECT_EQ(from_guest(to_guest({HttpErrorCode::DnsError, "why", {}})).text, "why");
  EXPECT_EQ(from_guest(to_guest({HttpErrorCode::HttpResponseTrailerSize, "name", 9})).number, 9u);
}

TEST_F(WasiHttp, ResponsesAreSet) {
  std::optional<host::HttpOutcome> outcome;
  const auto respond = [&](host::HttpOutcome o) { outcome = std::move(o); };
  const auto response = *http.new_outgoing_response(fields({{"content-length", "4"}}));
  EXPECT_FALSE(*http.outgoing_response_set_status_code({response.rep}, 99));
  EXPECT_FALSE(*http.outgoing_response_set_status_code({response.rep}, 1000));
  EXPECT_TRUE(*http.outgoing_response_set_status_code({response.rep}, 418));
  const auto body = **http.outgoing_response_body({response.rep});
  EXPECT_FALSE(*http.outgoing_response_body({response.rep}));
  ASSERT_TRUE(http.response_outparam_set({http.add_outparam(respond)}, response));
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->status, 418);
  const auto stream = **http.outgoing_body_write({body.rep});
  EXPECT_FALSE(*http.outgoing_body_write({body.rep}));
  EXPECT_GT(**streams.output_stream_check_write({stream.rep}), 0u);
  ASSERT_TRUE(*streams.output_stream_write({stream.rep}, bytes("1234")));
  EXPECT_FALSE(http.outgoing_body_finish(body, std::nullopt));  // its child is alive
  streams.drop_output_stream(stream.rep);
  ASSERT_TRUE(*http.outgoing_body_finish(body, fields({{"t", "u"}})));
  EXPECT_TRUE((*outcome)->body->finished() && !(*outcome)->body->error());
  EXPECT_EQ((*outcome)->body->trailers()->at(0).value, "u");

  HttpHost::ErrorCode error;
  error.value.emplace<HttpHost::ErrorCode::kConnectionTimeout>();
  ASSERT_TRUE(http.response_outparam_set({http.add_outparam(respond)}, std::unexpected(error)));
  EXPECT_EQ(outcome->error().code, HttpErrorCode::ConnectionTimeout);
}

TEST_F(WasiHttp, BodiesAreAsLongAsTheySay) {
  const auto make = [&](Own<HttpHost::OutputStream>& stream) {
    const auto response = *http.new_outgoing_response(fields({{"Content-Length", "3"}}));
    const auto body = **http.outgoing_response_body({response.rep});
    stream = **http.outgoing_body_write({body.rep});
    return body;
  };
  Own<HttpHost::OutputStream> stream;
  auto body = make(stream);
  // Too much.
  EXPECT_FALSE(*streams.output_stream_blocking_write_and_flush({stream.rep}, bytes("abcd")));
  streams.drop_output_stream(stream.rep);
  auto finished = *http.outgoing_body_finish(body, std::nullopt);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().value.index(), HttpHost::ErrorCode::kHTTPResponseBodySize);
  // Too little.
  body = make(stream);
  ASSERT_TRUE(*streams.output_stream_blocking_write_and_flush({stream.rep}, bytes("ab")));
  streams.drop_output_stream(stream.rep);
  finished = *http.outgoing_body_finish(body, std::nullopt);
  ASSERT_FALSE(finished);
  EXPECT_EQ(std::get<HttpHost::ErrorCode::kHTTPResponseBodySize>(finished.error().value), 2u);
}

TEST_F(WasiHttp, BodiesThatAreDroppedFail) {
  const auto response = *http.new_outgoing_response(fields());
  const auto body = **http.outgoing_response_body({response.rep});
  std::optional<host::HttpOutcome> outcome;
  ASSERT_TRUE(
      http.response_outparam_set({http.add_outparam([&](host::HttpOutcome o) { outcome = std::move(o); })}, response));
  http.drop_outgoing_body(body.rep);
  EXPECT_TRUE((*outcome)->body->error());
  // The host's side goes first: writing says so.
  const auto second = *http.new_outgoing_response(fields());
  const auto left = **http.outgoing_response_body({second.rep});
  const auto stream = **http.outgoing_body_write({left.rep});
  ASSERT_TRUE(
      http.response_outparam_set({http.add_outparam([&](host::HttpOutcome o) { outcome = std::move(o); })}, second));
  (*outcome)->body->abandon();
  const auto check = streams.output_stream_check_write({stream.rep});
  ASSERT_FALSE(*check);
  EXPECT_EQ(check->error().value.index(), 1u);
}

TEST_F(WasiHttp, OutgoingRequestsAreChecked) {
  const auto make = [&] { return *http.new_outgoing_request(fields({{"a", "b"}})); };
  const auto r = make();
  const auto method = [](std::string text) {
    HttpHost::Method out;
    out.value.emplace<HttpHost::Method::kOther>(std::move(text));
    return out;
  };
  EXPECT_FALSE(*http.outgoing_request_set_method({r.rep}, method("A B")));
  EXPECT_TRUE(*http.outgoing_request_set_method({r.rep}, method("BREW")));
  EXPECT_FALSE(*http.outgoing_request_set_path_with_query({r.rep}, "/a b"));
  EXPECT_FALSE(*http.outgoing_request_set_path_with_query({r.rep}, "/a\r\nx: y"));
  EXPECT_TRUE(*http.outgoing_request_set_path_with_query({r.rep}, "/a?b"));
  EXPECT_FALSE(*http.outgoing_request_set_authority({r.rep}, "user@host"));
  EXPECT_FALSE(*http.outgoing_request_set_authority({r.rep}, "a:b"));
  EXPECT_TRUE(*http.outgoing_request_set_authority({r.rep}, "[::1]:80"));
  HttpHost::Scheme scheme;
  EXPECT_TRUE(*http.outgoing_request_set_scheme({r.rep}, scheme));
  // Nobody gave a client.
  auto sent = *http.handle(make(), std::nullopt);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().value.index(), HttpHost::ErrorCode::kHTTPRequestDenied);

  http.set_client(&client);
  const auto options = *http.new_request_options();
  EXPECT_TRUE(*http.request_options_set_first_byte_timeout({options.rep}, 5));
  const auto future = **http.handle(r, options);
  EXPECT_EQ(client.request.method, "BREW");
  EXPECT_EQ(client.request.path, "/a?b");
  EXPECT_EQ(client.request.scheme, "http");
  EXPECT_EQ(client.timeouts.first_byte, 5u);
  EXPECT_TRUE(client.request.body->finished());
  EXPECT_FALSE(*http.future_incoming_response_get({future.rep}));
  client.pending->outcome = host::HttpResponse{404, {}, std::make_shared<host::HttpBody>()};
  auto got = *http.future_incoming_response_get({future.rep});
  ASSERT_TRUE(got->value());
  EXPECT_EQ(*http.incoming_response_status({got->value()->rep}), 404);
  EXPECT_FALSE(**http.future_incoming_response_get({future.rep}));
  // A request without a host; one without a path, and one whose path is empty.
  const auto send = [&](const char* host, std::optional<std::string> path) {
    const auto request = make();
    EXPECT_TRUE(*http.outgoing_request_set_authority({request.rep}, host));
    EXPECT_TRUE(*http.outgoing_request_set_path_with_query({request.rep}, std::move(path)));
    return *http.handle(request, std::nullopt);
  };
  sent = *http.handle(make(), std::nullopt);
  EXPECT_EQ(sent.error().value.index(), HttpHost::ErrorCode::kHTTPRequestURIInvalid);
  sent = send("host", std::nullopt);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().value.index(), HttpHost::ErrorCode::kHTTPRequestURIInvalid);
  EXPECT_TRUE(send("host", ""));
  EXPECT_EQ(client.request.path, "/");
}

}  // namespace
}  // namespace ashlar::wasi::p2
