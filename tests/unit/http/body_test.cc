// Bodies as pipes, and how they are framed.
#include <gtest/gtest.h>

#include "http/parser.h"
#include "http/writer.h"

namespace ashlar::http {
namespace {

using wasi::host::HttpBody;
using wasi::host::HttpErrorCode;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
std::string text(std::span<const uint8_t> data) { return {data.begin(), data.end()}; }

TEST(HttpBody, IsABoundedPipe) {
  HttpBody body;
  int data = 0, room = 0;
  body.on_data = [&] { ++data; };
  body.on_room = [&] { ++room; };
  EXPECT_EQ(body.room(), HttpBody::kCapacity);
  body.write(bytes("hello "));
  body.write(bytes("world"));
  EXPECT_EQ(data, 2);
  EXPECT_EQ(text(body.peek()), "hello world");
  body.consume(6);
  EXPECT_EQ(room, 1);
  EXPECT_EQ(text(body.peek()), "world");
  body.write(std::vector<uint8_t>(HttpBody::kCapacity));
  EXPECT_EQ(body.room(), 0u);
  body.consume(body.buffered());
  EXPECT_EQ(body.room(), HttpBody::kCapacity);
  body.end(HttpFields{{"a", "b"}});
  EXPECT_TRUE(body.finished());
  body.write(bytes("late"));
  EXPECT_EQ(body.buffered(), 0u);
  body.fail({});
  EXPECT_FALSE(body.error());
  EXPECT_EQ(body.trailers()->at(0).name, "a");
}

TEST(HttpBody, DropsWhatNobodyReads) {
  HttpBody body;
  body.write(bytes("abc"));
  body.discard();
  EXPECT_EQ(body.buffered(), 0u);
  body.write(bytes("abc"));
  EXPECT_EQ(body.buffered(), 0u);
  EXPECT_EQ(body.written(), 6u);
  EXPECT_FALSE(body.abandoned());
  body.abandon();
  EXPECT_TRUE(body.abandoned());
}

TEST(HttpFraming, FollowsWhatIsKnown) {
  std::string head;
  HttpBody whole;
  whole.write(bytes("abc"));
  whole.end();
  EXPECT_EQ(frame(head, {}, whole, true), Framing::Length);
  EXPECT_EQ(head, "content-length: 3\r\n");
  head.clear();
  HttpBody open;
  EXPECT_EQ(frame(head, {}, open, true), Framing::Chunked);
  EXPECT_EQ(frame(head, {}, open, false), Framing::Close);
  head.clear();
  EXPECT_EQ(frame(head, {{"Content-Length", "7"}}, open, true), Framing::Length);
  head.clear();
  // Nobody writes the rest of it.
  EXPECT_EQ(frame(head, {{"Content-Length", "7"}}, whole, true), Framing::Length);
  EXPECT_EQ(head, "content-length: 3\r\n");
  head.clear();
  frame(head, {{"Content-Length", "7"}}, whole, true, true);
  EXPECT_EQ(head, "content-length: 7\r\n");
  EXPECT_EQ(head, "content-length: 7\r\n");
}

TEST(HttpFraming, ChunksEndWithTrailers) {
  const auto body = std::make_shared<HttpBody>();
  BodyWriter writer(body, Framing::Chunked);
  std::string out;
  EXPECT_FALSE(writer.take(out));
  body->write(bytes("0123456789abcdef"));
  EXPECT_TRUE(writer.take(out));
  EXPECT_EQ(out, "10\r\n0123456789abcdef\r\n");
  out.clear();
  body->end(HttpFields{{"x", "y"}, {"content-length", "3"}});
  EXPECT_TRUE(writer.take(out));
  EXPECT_EQ(out, "0\r\nx: y\r\n\r\n");
  EXPECT_TRUE(writer.done());
}

TEST(HttpFraming, AFailedBodyHasNoEnd) {
  const auto body = std::make_shared<HttpBody>();
  BodyWriter writer(body, Framing::Chunked);
  body->write(bytes("a"));
  body->fail({HttpErrorCode::InternalError, {}, {}});
  std::string out;
  writer.take(out);
  EXPECT_EQ(out, "1\r\na\r\n");
  EXPECT_FALSE(writer.done());
  EXPECT_TRUE(writer.failed());
}

/// A message in pieces of every size gives the same.
TEST(HttpParser, DoesNotCareAboutPieces) {
  const std::string message =
      "POST /a?b HTTP/1.1\r\nHost: x\r\ntransfer-encoding: "
      "chunked\r\n\r\n3;e=1\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nT: "
      "u\r\n\r\nGET";
  for (size_t piece = 1; piece <= message.size(); ++piece) {
    const HttpLimits limits;
    RequestParser parser(limits);
    const auto body = std::make_shared<HttpBody>();
    std::string waiting;
    for (size_t from = 0; from < message.size(); from += piece) {
      waiting += message.substr(from, piece);
      while (!parser.is_done()) {
        const size_t used = parser.feed(bytes(waiting));
        waiting.erase(0, used);
        ASSERT_FALSE(parser.bad()) << piece << ": " << parser.bad()->text;
        if (parser.is_header_done()) parser.set_body(body);
        if (used == 0 || waiting.empty()) break;
      }
    }
    EXPECT_TRUE(parser.is_done()) << piece;
    EXPECT_EQ(waiting, "GET") << piece;
    EXPECT_EQ(parser.target, "/a?b");
    EXPECT_EQ(text(body->peek()), "abc0123456789abcdef") << piece;
    ASSERT_EQ(parser.trailers.size(), 1u) << piece;
    EXPECT_EQ(parser.trailers[0].value, "u");
  }
}

/// What ends no line would be kept for ever.
TEST(HttpParser, LimitsLinesBetweenChunks) {
  HttpLimits limits;
  limits.header_bytes = 256;
  for (const char* endless : {"1;a=", "0\r\nA: ", "0\r\n"}) {
    RequestParser parser(limits);
    std::string waiting = "POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    waiting.erase(0, parser.feed(bytes(waiting)));
    ASSERT_TRUE(parser.is_header_done());
    waiting += endless;
    while (!parser.bad() && waiting.size() < 1000) {
      waiting.erase(0, parser.feed(bytes(waiting)));
      waiting += std::string(endless) == "0\r\n" ? "B: c\r\n" : "aaaaaa";
    }
    ASSERT_TRUE(parser.bad()) << endless;
    EXPECT_EQ(parser.bad()->status, 431) << endless;
  }
}

}  // namespace
}  // namespace ashlar::http
