// Requests and answers of HTTP/2 without their frames.
#include "http/http2_exchange.h"

#include <gtest/gtest.h>

namespace ashlar::http {
namespace {

using wasi::host::HttpBody;
using wasi::host::HttpResponse;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

constexpr HttpLimits kLimits{.header_bytes = 1000, .fields = 10, .body_bytes = 100};
const HttpFields kRequest = {
    {":method", "GET"}, {":scheme", "https"}, {":path", "/a?b"}, {":authority", "example.org"}};

/// The status that it is refused with.
uint16_t read(Http2Exchange& to, const HttpFields& more, const HttpFields& head = kRequest) {
  for (const HttpFields* fields : {&head, &more}) {
    for (const HttpField& f : *fields) to.add_field(f.name, f.value, kLimits);
  }
  return to.complete_request(false, kLimits);
}
uint16_t read(const HttpFields& more, const HttpFields& head = kRequest) {
  Http2Exchange to(1);
  return read(to, more, head);
}
HttpFields with(HttpFields head, size_t at, std::string value) {
  head[at].value = std::move(value);
  return head;
}

TEST(Http2Exchange, MapsARequest) {
  Http2Exchange to(1);
  ASSERT_EQ(read(to, {{"cookie", "a=b"}, {"x", "y"}, {"cookie", "c=d"}, {"proxy-authorization", "secret"}}), 0);
  EXPECT_EQ(to.request.method, "GET");
  EXPECT_EQ(to.request.path, "/a?b");
  EXPECT_EQ(to.request.authority, "example.org");
  // It came without TLS, whatever it says.
  EXPECT_EQ(to.request.scheme, "http");
  EXPECT_EQ(to.request.fields, (HttpFields{{"cookie", "a=b; c=d"}, {"x", "y"}}));
  EXPECT_FALSE(to.expects_continue);
  Http2Exchange secure(3);
  for (const HttpField& f : kRequest) secure.add_field(f.name, f.value, kLimits);
  EXPECT_EQ(secure.complete_request(true, kLimits), 0);
  EXPECT_EQ(secure.request.scheme, "https");
}

TEST(Http2Exchange, KnowsOneHost) {
  EXPECT_EQ(read({{"host", "example.org"}}), 0);
  EXPECT_EQ(read({{"host", "Example.ORG"}}), 0);
  EXPECT_EQ(read({{"host", "other.org"}}), 400);
  EXPECT_EQ(read({{"host", "example.org"}, {"host", "example.org"}}), 400);
  const HttpFields without(kRequest.begin(), kRequest.end() - 1);
  Http2Exchange to(1);
  EXPECT_EQ(read(to, {{"host", "other.org"}}, without), 0);
  EXPECT_EQ(to.request.authority, "other.org");
  EXPECT_EQ(read({}, without), 400);
}

TEST(Http2Exchange, RefusesWhatMeansNothing) {
  EXPECT_EQ(read({}, with(kRequest, 0, "CONNECT")), 501);
  EXPECT_EQ(read({}, with(kRequest, 1, "ftp")), 400);
  EXPECT_EQ(read({}, with(kRequest, 2, "a")), 400);
  EXPECT_EQ(read({}, with(kRequest, 2, "*")), 400);
  EXPECT_EQ(read({}, with(kRequest, 2, "/\xc3\xa4")), 400);
  EXPECT_EQ(read({}, with(kRequest, 2, "/a|\"{}^`<>\\")), 0);
  EXPECT_EQ(read({}, with(with(kRequest, 2, "*"), 0, "OPTIONS")), 0);
  EXPECT_EQ(read({}, with(kRequest, 3, "me@example.org")), 400);
  EXPECT_EQ(read({{"content-length", "100"}}), 0);
  EXPECT_EQ(read({{"content-length", "101"}}), 413);
  EXPECT_EQ(read({{"content-length", "x"}}), 400);
  EXPECT_EQ(read({{"expect", "100-continue"}}), 0);
  EXPECT_EQ(read({{"expect", "wonders"}}), 417);
  EXPECT_EQ(read({{"x", std::string(900, 'y')}}), 431);
  EXPECT_EQ(read(HttpFields(11, {"x", "y"})), 431);
  EXPECT_EQ(read(HttpFields(10, {"x", "y"})), 0);
}

TEST(Http2Exchange, EndsABody) {
  Http2Exchange to(1);
  ASSERT_EQ(read(to, {}), 0);
  to.in_trailers = true;
  to.add_field("x-sum", "7", kLimits);
  to.add_field("proxy-authorization", "secret", kLimits);
  to.end_body();
  ASSERT_TRUE(to.body->finished());
  EXPECT_EQ(*to.body->trailers(), (HttpFields{{"x-sum", "7"}}));
  Http2Exchange many(3);
  ASSERT_EQ(read(many, {}), 0);
  many.in_trailers = true;
  for (int i = 0; i < 11; ++i) many.add_field("x", "y", kLimits);
  many.end_body();
  EXPECT_TRUE(many.body->error());
}

HttpFields answered(Http2Exchange& to, HttpResponse response) {
  to.response = std::move(response);
  return to.answer_head("today");
}

TEST(Http2Exchange, SaysWhatIsKnownOfAnAnswer) {
  HttpResponse whole{
      200, {{"x", " y\t"}, {"connection", "close"}, {"content-length", "7"}}, std::make_shared<HttpBody>()};
  whole.body->write(bytes("abc"));
  whole.body->end();
  Http2Exchange get(1);
  ASSERT_EQ(read(get, {}), 0);
  // No space around a value, no field of the connection, and the length that it has.
  EXPECT_EQ(answered(get, whole),
            (HttpFields{{":status", "200"}, {"x", "y"}, {"date", "today"}, {"content-length", "3"}}));
  EXPECT_EQ(get.answer_length, 3u);
  EXPECT_FALSE(get.sends_nothing);
  Http2Exchange head(3);
  ASSERT_EQ(read(head, {}, with(kRequest, 0, "HEAD")), 0);
  EXPECT_EQ(answered(head, whole),
            (HttpFields{{":status", "200"}, {"x", "y"}, {"date", "today"}, {"content-length", "7"}}));
  EXPECT_TRUE(head.sends_nothing);

  HttpResponse open{200, {{"date", "then"}}, std::make_shared<HttpBody>()};
  Http2Exchange streams(5);
  EXPECT_EQ(answered(streams, open), (HttpFields{{":status", "200"}, {"date", "then"}}));
  EXPECT_FALSE(streams.answer_length);
  HttpResponse none{204, {}, std::make_shared<HttpBody>()};
  Http2Exchange empty(7);
  EXPECT_EQ(answered(empty, none), (HttpFields{{":status", "204"}, {"date", "today"}}));
  EXPECT_TRUE(empty.sends_nothing);
}

}  // namespace
}  // namespace ashlar::http
