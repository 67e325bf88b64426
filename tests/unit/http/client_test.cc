// The client against the server, on one loop.
#include "http/client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "http/server.h"

namespace ashlar::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using wasi::host::HttpBody;
using wasi::host::HttpError;
using wasi::host::HttpErrorCode;
using wasi::host::HttpField;
using wasi::host::HttpFields;
using wasi::host::HttpTimeouts;
using wasi::host::PendingHttpResponse;
using wasi::host::SharedHttpBody;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

SharedHttpBody ended(std::string_view text) {
  auto out = std::make_shared<HttpBody>();
  out->write(bytes(text));
  out->end();
  return out;
}

tcp::acceptor listener(asio::io_context& loop) { return {loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)}; }

class HttpClientTest : public testing::Test {
 protected:
  void SetUp() override {
    tcp::acceptor acceptor = listener(loop);
    port = acceptor.local_endpoint().port();
    const tcp protocol = acceptor.local_endpoint().protocol();
    server.listen({Acceptor(loop, {protocol.family(), protocol.protocol()}, acceptor.release()), nullptr, nullptr});
    ASSERT_TRUE(rules->add("", "127.0.0.0/8"));
  }
  void handle(HttpRequest request, const std::shared_ptr<Answer>& answer) {
    seen = request;
    HttpResponse out;
    if (request.path == "/echo") {
      // The same pipe in both directions.
      out.body = request.body;
    } else if (request.path == "/half") {
      out.body = std::make_shared<HttpBody>();
      out.body->write(bytes("half"));
      out.fields = {{"content-length", "8"}};
      later(50, [body = out.body] { body->fail({}); });
    } else if (request.path == "/never") {
      kept.push_back(answer);
      return;
    } else if (request.path == "/stall") {
      out.body = std::make_shared<HttpBody>();
      out.body->write(bytes("half"));
      pipes.push_back(out.body);
    } else {
      out.fields = {{"x-one", "1"}, {"x-one", "2"}};
      out.body = ended("hello");
    }
    answer->respond(std::move(out));
  }
  void later(int milliseconds, std::function<void()> f) {
    auto timer = std::make_shared<asio::steady_timer>(loop, std::chrono::milliseconds(milliseconds));
    timer->async_wait([timer, f = std::move(f)](boost::system::error_code) { f(); });
  }
  HttpRequest request(std::string path, std::string method = "GET", SharedHttpBody body = ended("")) {
    HttpRequest out;
    out.method = std::move(method);
    out.scheme = "http";
    out.authority = "127.0.0.1:" + std::to_string(port);
    out.path = std::move(path);
    out.body = std::move(body);
    return out;
  }
  template <class F>
  bool run_until(F happened) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!happened() && loop.run_one_until(until) != 0) {
    }
    return happened();
  }
  wasi::host::HttpOutcome& outcome(const std::shared_ptr<PendingHttpResponse>& pending) {
    EXPECT_TRUE(run_until([&] { return pending->outcome.has_value(); }));
    return *pending->outcome;
  }
  HttpErrorCode error_of(HttpRequest r, const HttpTimeouts& timeouts = {}) {
    const auto pending = client.send(std::move(r), timeouts);
    const auto& out = outcome(pending);
    EXPECT_FALSE(out);
    return out ? HttpErrorCode::InternalError : out.error().code;
  }
  std::string read_body(HttpBody& body) {
    std::string out;
    run_until([&] {
      const auto there = body.peek();
      out.append(there.begin(), there.end());
      body.consume(there.size());
      return body.finished();
    });
    return out;
  }

  asio::io_context loop{1};
  HttpLimits limits;
  Server server{loop, limits, [this](HttpRequest r, std::shared_ptr<Answer> a) { handle(std::move(r), a); }};
  const std::shared_ptr<AddressRules> rules = std::make_shared<AddressRules>();
  Client client{loop, rules};
  uint16_t port = 0;
  HttpRequest seen;
  std::vector<std::shared_ptr<Answer>> kept;
  std::vector<SharedHttpBody> pipes;
};

TEST_F(HttpClientTest, GetsAnswers) {
  HttpRequest r = request("/a?b=c");
  r.fields = {{"x-mine", "yes"}};
  const auto pending = client.send(std::move(r), {});
  auto& out = outcome(pending);
  ASSERT_TRUE(out) << static_cast<int>(out.error().code);
  EXPECT_EQ(out->status, 200);
  EXPECT_EQ(read_body(*out->body), "hello");
  size_t ones = 0;
  for (const HttpField& f : out->fields) ones += f.name == "x-one" ? 1 : 0;
  EXPECT_EQ(ones, 2u);
  EXPECT_EQ(seen.path, "/a?b=c");
  EXPECT_EQ(seen.authority, "127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(*wasi::host::find_field(seen.fields, "X-Mine"), "yes");
  EXPECT_EQ(wasi::host::find_field(seen.fields, "content-length"), nullptr);
}

TEST_F(HttpClientTest, StreamsBothWays) {
  const auto body = std::make_shared<HttpBody>();
  const auto pending = client.send(request("/echo", "POST", body), {});
  const std::string piece(40'000, 'x');
  std::string got;
  size_t sent = 0;
  auto& out = outcome(pending);
  ASSERT_TRUE(out);
  constexpr size_t kPieces = 50;
  ASSERT_TRUE(run_until([&] {
    if (sent < kPieces && body->room() >= piece.size()) {
      body->write(bytes(piece));
      ++sent;
      if (sent == kPieces) body->end(HttpFields{{"x-sum", "9"}});
    }
    const auto there = out->body->peek();
    got.append(there.begin(), there.end());
    out->body->consume(there.size());
    return out->body->finished();
  }));
  EXPECT_FALSE(out->body->error());
  EXPECT_EQ(got.size(), kPieces * piece.size());
  ASSERT_TRUE(out->body->trailers());
  EXPECT_EQ(out->body->trailers()->at(0).value, "9");
}

TEST_F(HttpClientTest, StopsWhereNobodyReads) {
  const auto body = std::make_shared<HttpBody>();
  const auto pending = client.send(request("/echo", "POST", body), {});
  auto& out = outcome(pending);
  ASSERT_TRUE(out);
  bool over = false;
  later(1000, [&] { over = true; });
  run_until([&] {
    if (body->room() != 0) body->write(std::vector<uint8_t>(body->room()));
    return over;
  });
  // Three pipes, and the system's buffers.
  EXPECT_LT(body->written(), 50u << 20);
  EXPECT_EQ(body->room(), 0u);
}

TEST_F(HttpClientTest, TellsWhatWentWrong) {
  HttpRequest elsewhere = request("/");
  elsewhere.authority = "10.0.0.1:80";
  EXPECT_EQ(error_of(std::move(elsewhere)), HttpErrorCode::DestinationIpProhibited);
  HttpRequest name = request("/");
  name.authority = "localhost:" + std::to_string(port);
  EXPECT_TRUE(outcome(client.send(std::move(name), {})));
  HttpRequest wrong = request("/");
  wrong.authority = "[::1";
  EXPECT_EQ(error_of(std::move(wrong)), HttpErrorCode::HttpRequestUriInvalid);
  HttpRequest closed = request("/");
  {
    tcp::acceptor gone = listener(loop);
    closed.authority = "127.0.0.1:" + std::to_string(gone.local_endpoint().port());
  }
  EXPECT_EQ(error_of(std::move(closed)), HttpErrorCode::ConnectionRefused);
  HttpTimeouts soon;
  soon.first_byte = 50'000'000;
  EXPECT_EQ(error_of(request("/never"), soon), HttpErrorCode::HttpResponseTimeout);
}

TEST_F(HttpClientTest, NamesNeedAGrantOfTheirAddress) {
  const auto any = std::make_shared<AddressRules>();
  ASSERT_TRUE(any->add("", "*"));
  Client other(loop, any);
  HttpRequest r = request("/");
  r.authority = "localhost:" + std::to_string(port);
  const auto pending = other.send(std::move(r), {});
  auto& out = outcome(pending);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, HttpErrorCode::DestinationIpProhibited);
  EXPECT_TRUE(seen.path.empty());
}

TEST_F(HttpClientTest, BodiesThatEndEarlyFail) {
  const auto pending = client.send(request("/half"), {});
  auto& out = outcome(pending);
  ASSERT_TRUE(out);
  EXPECT_EQ(read_body(*out->body), "half");
  ASSERT_TRUE(out->body->error());
  EXPECT_EQ(out->body->error()->code, HttpErrorCode::HttpResponseIncomplete);

  HttpTimeouts soon;
  soon.between_bytes = 50'000'000;
  const auto stalled = client.send(request("/stall"), soon);
  auto& second = outcome(stalled);
  ASSERT_TRUE(second);
  EXPECT_EQ(read_body(*second->body), "half");
  ASSERT_TRUE(second->body->error());
  EXPECT_EQ(second->body->error()->code, HttpErrorCode::ConnectionReadTimeout);
}

TEST_F(HttpClientTest, ARequestThatIsGivenUpReachesNobodyWhole) {
  const auto body = std::make_shared<HttpBody>();
  auto pending = client.send(request("/stall", "POST", body), {});
  ASSERT_TRUE(outcome(pending));
  body->write(bytes("some"));
  body->fail({HttpErrorCode::InternalError, {}, {}});
  ASSERT_TRUE(run_until([&] { return seen.body->finished(); }));
  EXPECT_TRUE(seen.body->error());
}

/// A server that counts its connections, and answers each request with the next of the texts of its connection; an
/// empty one closes it.
class Scripted {
 public:
  Scripted(asio::io_context& loop, std::vector<std::string> answers)
      : acceptor_(listener(loop)), answers_(std::move(answers)) {
    accept();
  }
  std::string authority() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  size_t connections = 0, requests = 0;

 private:
  struct Peer {
    explicit Peer(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::string data;
    size_t answered = 0;
  };
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code ec, tcp::socket socket) {
      if (ec) return;
      ++connections;
      read(std::make_shared<Peer>(std::move(socket)));
      accept();
    });
  }
  void read(const std::shared_ptr<Peer>& peer) {
    asio::async_read_until(peer->socket, asio::dynamic_buffer(peer->data), "\r\n\r\n",
                           [this, peer](boost::system::error_code ec, size_t size) {
                             if (ec) return;
                             ++requests;
                             peer->data.erase(0, size);
                             const std::string& answer = answers_[std::min(peer->answered++, answers_.size() - 1)];
                             if (answer.empty()) return;
                             boost::system::error_code ignored;
                             asio::write(peer->socket, asio::buffer(answer), ignored);
                             read(peer);
                           });
  }
  tcp::acceptor acceptor_;
  const std::vector<std::string> answers_;
};

constexpr char kHi[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

class HttpPoolTest : public HttpClientTest {
 protected:
  /// What came, or the error's number.
  std::string ask(const Scripted& server, std::string method = "GET", Client* by = nullptr) {
    HttpRequest r = request("/", method);
    r.authority = server.authority();
    const auto pending = (by == nullptr ? client : *by).send(std::move(r), {});
    auto& out = outcome(pending);
    if (!out) return std::to_string(static_cast<int>(out.error().code));
    std::string text = read_body(*out->body);
    return out->body->error() ? "error" : text;
  }
};

TEST_F(HttpPoolTest, ConnectionsAreUsedAgain) {
  Scripted server(loop, {kHi});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(server), "hi");
  EXPECT_EQ(ask(server, "POST"), "hi");
  EXPECT_EQ(server.connections, 1u);
  // What one client keeps is no other's: it may have other rules.
  Client other(loop, rules);
  EXPECT_EQ(ask(server, "GET", &other), "hi");
  EXPECT_EQ(server.connections, 2u);
}

TEST_F(HttpPoolTest, NotWhereTheServerSaysSo) {
  Scripted server(loop, {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi"});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(server), "hi");
  EXPECT_EQ(server.connections, 2u);
}

// What somebody puts behind an answer is not the answer to the next request.
TEST_F(HttpPoolTest, NotWithBytesLeft) {
  Scripted server(loop, {std::string(kHi) + "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(server), "hi");
  EXPECT_EQ(server.connections, 3u);
}

TEST_F(HttpPoolTest, ARequestThatMeetsAnEndIsRepeated) {
  Scripted server(loop, {kHi, ""});
  EXPECT_EQ(ask(server), "hi");
  EXPECT_EQ(ask(server), "hi");
  EXPECT_EQ(server.connections, 2u);
  EXPECT_EQ(server.requests, 3u);
  // Who knows what this one has done already.
  EXPECT_EQ(ask(server, "POST"), std::to_string(static_cast<int>(HttpErrorCode::HttpResponseIncomplete)));
  EXPECT_EQ(server.requests, 4u);
  // Nor is any sent twice for ever.
  Scripted never(loop, {""});
  EXPECT_EQ(ask(never), std::to_string(static_cast<int>(HttpErrorCode::HttpResponseIncomplete)));
  EXPECT_EQ(never.requests, 1u);
}

TEST_F(HttpClientTest, EndlessEarlyHeadsAreRefused) {
  std::string early;
  for (int i = 0; i < 100; ++i) early += "HTTP/1.1 103 Early Hints\r\n\r\n";
  Scripted server(loop, {early + kHi});
  HttpRequest r = request("/");
  r.authority = server.authority();
  EXPECT_EQ(error_of(std::move(r)), HttpErrorCode::HttpProtocolError);
}

TEST_F(HttpClientTest, NamesThatAreNone) {
  const auto any = std::make_shared<AddressRules>();
  ASSERT_TRUE(any->add("", "*"));
  Client other(loop, any);
  for (const char* name : {"a..b", "a%20b", "xn--a.invalid."}) {
    HttpRequest r = request("/");
    r.authority = name;
    const auto pending = other.send(std::move(r), {});
    auto& out = outcome(pending);
    ASSERT_FALSE(out) << name;
    EXPECT_TRUE(out.error().code == HttpErrorCode::DnsError || out.error().code == HttpErrorCode::DnsTimeout) << name;
  }
  // Many at once, of which nobody waits for an answer.
  for (int i = 0; i < 200; ++i) {
    HttpRequest r = request("/");
    r.authority = "name" + std::to_string(i) + ".invalid";
    (void)other.send(std::move(r), {});
  }
}

// RFC 9110, 8.6: the length is then of a body that nobody sends.
TEST_F(HttpClientTest, LengthsWithoutBodies) {
  for (const auto& [method, answer] : std::initializer_list<std::pair<const char*, const char*>>{
           {"HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"},
           {"GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n"}}) {
    tcp::acceptor raw = listener(loop);
    tcp::socket peer(loop);
    raw.async_accept(peer, [&, text = std::string_view(answer)](boost::system::error_code) {
      boost::system::error_code ignored;
      asio::write(peer, asio::buffer(text), ignored);
    });
    HttpRequest r = request("/", method);
    r.authority = "127.0.0.1:" + std::to_string(raw.local_endpoint().port());
    const auto pending = client.send(std::move(r), {});
    auto& out = outcome(pending);
    ASSERT_TRUE(out) << answer;
    EXPECT_EQ(read_body(*out->body), "");
    EXPECT_FALSE(out->body->error()) << answer;
    EXPECT_EQ(*wasi::host::find_field(out->fields, "content-length"), "10");
  }
}

/// Servers that are not ours: what they send word by word.
TEST_F(HttpClientTest, RefusesWrongAnswers) {
  struct Case {
    const char* answer;
    std::optional<HttpErrorCode> expected;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"HTTP/1.1 200 OK\r\n\r\nuntil the end", std::nullopt},
           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", std::nullopt},
           {"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", HttpErrorCode::HttpProtocolError},
           {"HTTP/1.1 200 OK\ncontent-length: 1\n\na", HttpErrorCode::HttpProtocolError},
           {"HTTP/1.1 101 Switching Protocols\r\n\r\n", HttpErrorCode::HttpUpgradeFailed},
           {"SSH-2.0-OpenSSH\r\n", HttpErrorCode::HttpProtocolError},
           {"", HttpErrorCode::HttpResponseIncomplete},
           {"HTTP/1.1 200", HttpErrorCode::HttpResponseIncomplete}}) {
    tcp::acceptor raw = listener(loop);
    tcp::socket peer(loop);
    raw.async_accept(peer, [&](boost::system::error_code) {
      boost::system::error_code ignored;
      asio::write(peer, asio::buffer(std::string_view(c.answer)), ignored);
      peer.shutdown(tcp::socket::shutdown_send, ignored);
    });
    HttpRequest r = request("/");
    r.authority = "127.0.0.1:" + std::to_string(raw.local_endpoint().port());
    const auto pending = client.send(std::move(r), {});
    auto& out = outcome(pending);
    ASSERT_EQ(out.has_value(), !c.expected) << c.answer;
    if (!out) EXPECT_EQ(out.error().code, *c.expected) << c.answer;
    if (out) {
      read_body(*out->body);
      EXPECT_FALSE(out->body->error()) << c.answer;
    }
  }
}

}  // namespace
}  // namespace ashlar::http
