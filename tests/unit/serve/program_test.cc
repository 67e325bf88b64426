// What WASI programs are given of a request, and how what they write becomes a response.
#include <gtest/gtest.h>

#include <map>

#include "serve/program_head.h"
#include "serve/program_output.h"
#include "serve/program_request.h"
#include "serve/program_style.h"

namespace ashlar::serve {
namespace {

using wasi::host::Errno;
using wasi::host::HostResult;
using wasi::host::HttpBody;
using wasi::host::HttpResponse;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Errno failure(const HostResult<size_t>& n) { return n ? Errno::success : n.error(); }

HttpRequest make_request(std::string path) {
  HttpRequest out;
  out.method = "GET";
  out.scheme = "http";
  out.path = std::move(path);
  out.body = std::make_shared<HttpBody>();
  return out;
}

std::map<std::string, std::string> variables(const HttpRequest& request, std::optional<uint64_t> length = {}) {
  const auto made = cgi_variables(request, length);
  EXPECT_TRUE(made);
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : made.value_or(std::vector<std::pair<std::string, std::string>>())) {
    EXPECT_TRUE(out.emplace(name, value).second) << name;
  }
  return out;
}

TEST(CgiVariables, Paths) {
  EXPECT_EQ(variables(make_request("/"))["PATH_INFO"], "/");
  EXPECT_EQ(variables(make_request("/?"))["QUERY_STRING"], "");
  EXPECT_EQ(variables(make_request("/a?b?c"))["QUERY_STRING"], "b?c");
  EXPECT_EQ(variables(make_request("/%41%4g%4"))["PATH_INFO"], "/A%4g%4");
  EXPECT_EQ(variables(make_request("/a%0ab"))["PATH_INFO"], "/a\nb");
  EXPECT_EQ(variables(make_request("/%+1%-1"))["PATH_INFO"], "/%+1%-1");
  EXPECT_EQ(variables(make_request("*"))["PATH_INFO"], "*");
  EXPECT_FALSE(cgi_variables(make_request("/%00"), 0));
}

TEST(CgiVariables, Servers) {
  HttpRequest request = make_request("/");
  request.local = "[::1]:81";
  request.remote = "[fe80::1]:4242";
  auto all = variables(request);
  EXPECT_EQ(all["SERVER_NAME"], "::1");
  EXPECT_EQ(all["SERVER_PORT"], "81");
  EXPECT_EQ(all["REMOTE_ADDR"], "fe80::1");
  EXPECT_EQ(all["REMOTE_PORT"], "4242");
  request.authority = "example.org";
  request.scheme = "https";
  all = variables(request);
  EXPECT_EQ(all["SERVER_NAME"], "example.org");
  EXPECT_EQ(all["SERVER_PORT"], "443");
  EXPECT_EQ(all["HTTPS"], "on");
  request.authority = "[::1]";
  EXPECT_EQ(variables(request)["SERVER_PORT"], "443");
  EXPECT_EQ(variables(request)["SERVER_NAME"], "::1");
}

TEST(CgiVariables, Fields) {
  HttpRequest request = make_request("/");
  request.fields = {{"PROXY", "evil"}, {"x-a", "1"}, {"X_A", "2"},
                    {"X-A", "3"},      {"x.b", "4"}, {"Authorization", "Basic x"}};
  const auto all = variables(request, 0);
  EXPECT_FALSE(all.contains("HTTP_PROXY"));
  EXPECT_EQ(all.at("HTTP_X_A"), "1, 3");
  EXPECT_EQ(all.at("HTTP_AUTHORIZATION"), "Basic x");
  EXPECT_FALSE(all.contains("CONTENT_LENGTH"));
  request.fields = {{"content-length", "0"}};
  EXPECT_EQ(variables(request, 0).at("CONTENT_LENGTH"), "0");
  EXPECT_EQ(variables(request, 7).at("CONTENT_LENGTH"), "7");
}

TEST(RequestHead, IsTheRequestsText) {
  HttpRequest request = make_request("/a?b");
  request.authority = "h:1";
  request.fields = {{"X-A", "1"}, {"Content-Length", "3"}, {"Expect", "100-continue"}};
  EXPECT_EQ(request_head(request, 3), "GET /a?b HTTP/1.1\r\nhost: h:1\r\nX-A: 1\r\ncontent-length: 3\r\n\r\n");
  EXPECT_EQ(request_head(make_request("/"), std::nullopt), "GET / HTTP/1.1\r\n\r\n");
}

/// Reads in pieces of that size until there is no more; "~" where it would wait, "!" where it fails.
std::string read_all(ProgramInput& input, size_t piece) {
  std::string out;
  for (;;) {
    std::string buffer(piece, '?');
    os::Buffer halves[] = {{buffer.data(), piece / 2}, {buffer.data() + piece / 2, piece - piece / 2}};
    const HostResult<size_t> n = input.transfer(halves);
    if (!n) return out + (n.error() == Errno::again ? "~" : "!");
    if (*n == 0) return out;
    out += buffer.substr(0, *n);
  }
}

TEST(ProgramInput, IsTheHeadAndTheBody) {
  for (size_t piece : {1, 2, 5, 100}) {
    const auto body = std::make_shared<HttpBody>();
    ProgramInput input("head ", body);
    EXPECT_TRUE(input.ready());
    EXPECT_EQ(input.transfer({}), 0u);
    EXPECT_EQ(read_all(input, piece), "head ~");
    EXPECT_FALSE(input.ready());
    body->write(bytes("body"));
    EXPECT_EQ(input.available(), 4u);
    EXPECT_EQ(read_all(input, piece), "body~");
    body->write(bytes("more"));
    body->end();
    EXPECT_EQ(read_all(input, piece), "more");
    EXPECT_TRUE(input.ready());
  }
  const auto body = std::make_shared<HttpBody>();
  ProgramInput input("", body);
  body->fail({});
  EXPECT_EQ(read_all(input, 3), "!");
}

TEST(ProgramHead, Ends) {
  EXPECT_EQ(end_of_head("a\r\n\r\nb", 0), 5u);
  EXPECT_EQ(end_of_head("a\n\nb", 0), 3u);
  EXPECT_EQ(end_of_head("a\r\n\nb", 0), 4u);
  EXPECT_EQ(end_of_head("\n", 0), 1u);
  EXPECT_EQ(end_of_head("\r\n", 0), 2u);
  EXPECT_EQ(end_of_head("a\r\n\r", 0), std::string::npos);
  EXPECT_EQ(end_of_head("a\r\n\r\n", 4), 5u);
}

TEST(ProgramHead, StatusLinesAndFields) {
  const auto text = [](std::string_view head) {
    auto out = read_program_head(head);
    return out ? out->text : "? " + out.error();
  };
  EXPECT_EQ(text("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n"), "HTTP/1.1 404 \r\nA: b\r\n\r\n");
  EXPECT_EQ(text("HTTP/1.0 404\nA:b \n\n"), "HTTP/1.0 404 \r\nA: b\r\n\r\n");
  EXPECT_EQ(text("HTTP/2 200\n\n"), "HTTP/1.1 200 \r\n\r\n");
  EXPECT_EQ(text("HTTP/1.1 200 OK\nStatus: 404\n\n"), "HTTP/1.1 200 \r\nStatus: 404\r\n\r\n");
  EXPECT_EQ(text("A: b\n\n"), "HTTP/1.1 200 \r\nA: b\r\n\r\n");
  EXPECT_EQ(text("status: 404 Not Found\nA: b\n\n"), "HTTP/1.1 404 \r\nA: b\r\n\r\n");
  EXPECT_EQ(text("Location: http://a/\n\n"), "HTTP/1.1 302 \r\nLocation: http://a/\r\n\r\n");
  EXPECT_EQ(text("Location: /a\nStatus: 301\n\n"), "HTTP/1.1 301 \r\nLocation: /a\r\n\r\n");
  for (const char* bad :
       {"HTTP/1.1\n\n", "HTTP/1.1 20\n\n", "HTTP/1.1 2000\n\n", "HTTP/1.1 100 Continue\n\n", "HTTP/1.1 abc\n\n",
        "Status: 99\n\n", "Status: 200\nStatus: 200\n\n", "a\n\n", "a b: c\n\n", ": c\n\n", " a: b\n\n", "a: b\n c\n\n",
        "a: \x01\n\n", "a: b\rc: d\n\n", "\n", "a\xc3\xa4: b\n\n"}) {
    EXPECT_TRUE(text(bad).starts_with("? ")) << bad << text(bad);
  }
  EXPECT_EQ(read_program_head("Location: /a?b\n\n")->redirect, "/a?b");
  EXPECT_EQ(read_program_head("Location: /a\nX: y\n\n")->redirect, "");
  EXPECT_EQ(read_program_head("Location: /a b\n\n")->redirect, "");
  EXPECT_EQ(read_program_head("HTTP/1.1 302 Found\nLocation: /a\n\n")->redirect, "");
}

/// A program's output, in pieces, and what is told of it.
struct Output {
  explicit Output(bool is_head = false)
      : pipe(is_head, {.respond = [this](HttpResponse r) { response = std::move(r); },
                       .redirect = [this](std::string path) { redirect = std::move(path); },
                       .on_room = [this] { ++rooms; }}) {}
  /// How much was taken of it; the reader takes what there is after each piece.
  HostResult<size_t> write(std::string_view text, size_t piece = 1000) {
    size_t taken = 0;
    while (taken < text.size()) {
      const std::string_view next = text.substr(taken, piece);
      const os::Buffer buffer{const_cast<char*>(next.data()), next.size()};
      const HostResult<size_t> n = pipe.transfer(std::span(&buffer, 1));
      if (!n) return n;
      taken += *n;
      drain();
    }
    return taken;
  }
  void drain() {
    if (!response || !response->body) return;
    const auto there = response->body->peek();
    body.append(there.begin(), there.end());
    response->body->consume(there.size());
  }
  std::string end(bool by_itself = true) {
    pipe.end(by_itself);
    drain();
    const bool failed = response && response->body->error().has_value();
    return body + (failed ? "!" : "");
  }
  std::optional<HttpResponse> response;
  std::string redirect, body;
  int rooms = 0;
  ProgramOutput pipe;
};

TEST(ProgramOutput, BodiesEndAsTheySay) {
  for (size_t piece : {1, 2, 7, 1000}) {
    Output length;
    EXPECT_TRUE(
        length.write("HTTP/1.1 201 Created\r\nContent-Length: 4\r\nX: y\r\nConnection: z\r\n\r\nbody\n", piece));
    EXPECT_EQ(length.pipe.outcome(), ProgramOutput::Outcome::Whole);
    ASSERT_TRUE(length.response);
    EXPECT_EQ(length.response->status, 201);
    EXPECT_EQ(length.response->fields, (wasi::host::HttpFields{{"Content-Length", "4"}, {"X", "y"}}));
    EXPECT_EQ(length.end(false), "body");

    Output chunks;
    EXPECT_TRUE(chunks.write(
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\r\nab\r\n3;x\r\ncde\r\n0\r\nA: b\r\n\r\n", piece));
    EXPECT_EQ(chunks.pipe.outcome(), ProgramOutput::Outcome::Whole);
    ASSERT_TRUE(chunks.response);
    EXPECT_EQ(chunks.response->body->trailers(), (wasi::host::HttpFields{{"A", "b"}}));
    EXPECT_EQ(chunks.end(false), "abcde");

    Output whole;
    EXPECT_TRUE(whole.write("A: b\n\nbody", piece));
    EXPECT_EQ(whole.pipe.outcome(), ProgramOutput::Outcome::Half);
    EXPECT_EQ(whole.end(), "body");
    EXPECT_EQ(whole.pipe.outcome(), ProgramOutput::Outcome::Whole);
    EXPECT_EQ(whole.rooms > 0, true);

    Output none;
    EXPECT_TRUE(none.write("HTTP/1.1 204 No Content\r\n\r\nbody", piece));
    EXPECT_EQ(none.end(false), "");
  }
}

TEST(ProgramOutput, HalvesFail) {
  for (std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"}) {
    Output output;
    EXPECT_TRUE(output.write(text));
    EXPECT_TRUE(output.end().ends_with("!")) << text;
    EXPECT_EQ(output.pipe.outcome(), ProgramOutput::Outcome::Half);
  }
  Output trapped;
  EXPECT_TRUE(trapped.write("A: b\n\nbody"));
  EXPECT_EQ(trapped.end(false), "body!");
  Output nothing;
  nothing.end();
  EXPECT_EQ(nothing.pipe.outcome(), ProgramOutput::Outcome::Nothing);
  Output head;
  EXPECT_TRUE(head.write("A: b\n"));
  head.end();
  EXPECT_EQ(head.pipe.outcome(), ProgramOutput::Outcome::Half);
  EXPECT_FALSE(head.response);
}

TEST(ProgramOutput, WrongOnesEndTheProgram) {
  const std::string bomb = "A: " + std::string(1 << 20, 'b');
  std::string fields;
  for (int i = 0; i < 300; ++i) fields += "a: b\n";
  for (const std::string& text :
       {std::string("body\n\n"), bomb, fields + "\n",
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n")}) {
    Output output;
    HostResult<size_t> n = output.write(text);
    for (int i = 0; n && i < 2; ++i) n = output.write("x");
    EXPECT_EQ(failure(n), Errno::intr) << text.substr(0, 80);
    EXPECT_NE(output.pipe.malformed(), "");
    EXPECT_FALSE(output.response);
    EXPECT_TRUE(output.pipe.ready());
  }
  Output chunks;
  EXPECT_EQ(failure(chunks.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")), Errno::intr);
  EXPECT_EQ(chunks.end(), "!");
}

TEST(ProgramOutput, WaitsForItsReader) {
  Output output;
  EXPECT_TRUE(output.write("A: b\n\n"));
  const std::string big(3 * HttpBody::kCapacity, 'x');
  const os::Buffer buffers[] = {{const_cast<char*>(big.data()), 10}, {const_cast<char*>(big.data()), big.size()}};
  EXPECT_EQ(output.pipe.transfer(buffers), HttpBody::kCapacity);
  EXPECT_FALSE(output.pipe.ready());
  EXPECT_EQ(failure(output.pipe.transfer(buffers)), Errno::again);
  output.rooms = 0;
  output.drain();
  EXPECT_EQ(output.rooms, 1);
  EXPECT_TRUE(output.pipe.ready());
  output.response->body->abandon();
  EXPECT_EQ(failure(output.pipe.transfer(buffers)), Errno::intr);
  EXPECT_TRUE(output.pipe.unread());
  EXPECT_EQ(output.pipe.malformed(), "");
}

TEST(ProgramOutput, EndlessOutputBehindAResponseEnds) {
  Output output;
  EXPECT_TRUE(output.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx and more"));
  EXPECT_EQ(failure(output.write(std::string(1 << 20, 'x'))), Errno::intr);
  EXPECT_TRUE(output.pipe.unread());
  EXPECT_EQ(output.end(false), "x");
}

TEST(ProgramOutput, HeadsHaveNoBody) {
  Output output(true);
  EXPECT_TRUE(output.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"));
  EXPECT_EQ(output.end(), "");
  EXPECT_EQ(output.pipe.outcome(), ProgramOutput::Outcome::Whole);
  Output endless(true);
  EXPECT_TRUE(endless.write("A: b\n\nsome"));
  EXPECT_EQ(failure(endless.write(std::string(1 << 20, 'x'))), Errno::intr);
  EXPECT_TRUE(endless.pipe.unread());
  Output redirect;
  EXPECT_TRUE(redirect.write("Location: /x\n\n"));
  EXPECT_EQ(redirect.redirect, "/x");
  EXPECT_FALSE(redirect.response);
}

TEST(ProgramStyle, IsGuessedByStrings) {
  const auto guess = [](std::string_view first, std::string_view second) {
    const std::string all = std::string(first) + std::string(second);
    module::Module m;
    m.bytes = bytes(all);
    const auto size = static_cast<uint32_t>(first.size());
    m.datas.push_back({.mode = module::SegmentMode::Passive, .offset = {}, .bytes_offset = 0, .bytes_size = size});
    m.datas.push_back({.mode = module::SegmentMode::Passive,
                       .offset = {},
                       .bytes_offset = size,
                       .bytes_size = static_cast<uint32_t>(second.size())});
    return guess_style(m);
  };
  EXPECT_EQ(guess("abc", "def"), ProgramStyle::Cgi);
  EXPECT_EQ(guess("abc", "HTTP/1.1 200 OK"), ProgramStyle::Raw);
  EXPECT_EQ(guess("HTTP/", "1.1 200 OK"), ProgramStyle::Cgi);
  EXPECT_EQ(guess("HTTP/1.1", "..REQUEST_METHOD.."), ProgramStyle::Cgi);
  module::LaidOutData data;
  const std::string text = "..HTTP/1.0..";
  data.bytes = bytes(text);
  module::Module m;
  m.laid_out = data;
  EXPECT_EQ(guess_style(m), ProgramStyle::Raw);
}

}  // namespace
}  // namespace ashlar::serve
