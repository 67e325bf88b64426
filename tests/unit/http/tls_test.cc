// TLS between a server and a client of one thread, over a pair of sockets. The program openssl makes the certificates.
#include "http/tls.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ashlar::http {
namespace {

std::string text(std::span<const uint8_t> data) { return {data.begin(), data.end()}; }
std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_tls()) GTEST_SKIP() << "this build has no OpenSSL";
    folder_ = std::filesystem::path(testing::TempDir()) / ("tls_test." + std::to_string(::getpid()));
    std::filesystem::create_directory(folder_);
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a"
        " -addext subjectAltName=DNS:a.example,IP:127.0.0.1 -keyout '" +
        file("key") + "' -out '" + file("certificate") + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the program openssl is missing";
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string file(const char* name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

/// Both ends of a connection.
struct Pair {
  Pair(const TlsContext& server_context, const TlsContext& client_context, const std::string& host) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets.data()), 0);
    server = *TlsStream::of_server(server_context, sockets[0]);
    client = *TlsStream::of_client(client_context, sockets[1], host);
  }
  ~Pair() {
    server.reset();
    client.reset();
    for (int socket : sockets) {
      if (socket >= 0) ::close(socket);
    }
  }
  /// Until both are through, or one has failed.
  void shake() {
    TlsStep a = TlsStep::WantsRead, b = TlsStep::WantsRead;
    for (int i = 0; i < 20 && (a != TlsStep::Done || b != TlsStep::Done); ++i) {
      if (b != TlsStep::Done && b != TlsStep::Failed) b = client->handshake();
      if (a != TlsStep::Done && a != TlsStep::Failed) a = server->handshake();
    }
    server_done = a;
    client_done = b;
  }
  std::array<int, 2> sockets{-1, -1};
  std::unique_ptr<TlsStream> server, client;
  TlsStep server_done{}, client_done{};
};

TEST_F(Tls, CarriesBytesBothWays) {
  const auto server = TlsContext::of_server({file("certificate"), file("key")});
  const auto client = TlsContext::of_client({.authorities = file("certificate"), .http2 = true});
  ASSERT_TRUE(server);
  ASSERT_TRUE(client);
  Pair pair(**server, **client, "a.example");
  pair.shake();
  ASSERT_EQ(pair.server_done, TlsStep::Done) << pair.server->error_text();
  ASSERT_EQ(pair.client_done, TlsStep::Done) << pair.client->error_text();
  EXPECT_EQ(pair.server->protocol(), "h2");
  EXPECT_EQ(pair.client->protocol(), "h2");

  std::array<uint8_t, 100> buffer;
  EXPECT_EQ(pair.server->read_some(buffer).step, TlsStep::WantsRead);
  ASSERT_EQ(pair.client->write_some(bytes("hello")).size, 5u);
  const auto read = pair.server->read_some(buffer);
  ASSERT_EQ(read.step, TlsStep::Done);
  EXPECT_EQ(text(std::span(buffer).first(read.size)), "hello");
  // As much as fits, and the same again when there is room.
  const std::vector<uint8_t> many(1 << 20, 'x');
  size_t sent = 0, received = 0;
  bool waited = false;
  while (received < many.size()) {
    const auto out = pair.server->write_some(std::span(many).subspan(sent));
    if (sent < many.size() && out.step == TlsStep::Done) sent += out.size;
    waited |= out.step == TlsStep::WantsWrite;
    if (sent < many.size() && out.step == TlsStep::Done) continue;
    const auto in = pair.client->read_some(buffer);
    if (in.step == TlsStep::Done) received += in.size;
    ASSERT_TRUE(in.step == TlsStep::Done || in.step == TlsStep::WantsRead) << pair.client->error_text();
  }
  EXPECT_TRUE(waited);
  EXPECT_EQ(received, many.size());

  EXPECT_EQ(pair.server->shutdown(), TlsStep::Done);
  EXPECT_EQ(pair.client->read_some(buffer).step, TlsStep::End);
  // The other direction is still open, and ends without a word.
  ASSERT_EQ(pair.client->write_some(bytes("bye")).step, TlsStep::Done);
  EXPECT_EQ(pair.server->read_some(buffer).size, 3u);
  ::close(std::exchange(pair.sockets[1], -1));
  EXPECT_EQ(pair.server->read_some(buffer).step, TlsStep::Failed);
  EXPECT_EQ(pair.server->error(), TlsError::Connection);
}

TEST_F(Tls, AgreesOnAProtocol) {
  for (const bool by_server : {false, true}) {
    for (const bool by_client : {false, true}) {
      const auto server = TlsContext::of_server({file("certificate"), file("key"), by_server});
      const auto client = TlsContext::of_client({.authorities = file("certificate"), .http2 = by_client});
      ASSERT_TRUE(server && client);
      Pair pair(**server, **client, "127.0.0.1");
      pair.shake();
      ASSERT_EQ(pair.client_done, TlsStep::Done) << pair.client->error_text();
      EXPECT_EQ(pair.client->protocol(), by_server && by_client ? "h2" : "http/1.1");
    }
  }
}

TEST_F(Tls, TrustsNobodyElse) {
  const auto server = TlsContext::of_server({file("certificate"), file("key")});
  const auto trusting = TlsContext::of_client({.authorities = file("certificate")});
  const auto stranger = TlsContext::of_client({});
  ASSERT_TRUE(server && trusting && stranger);
  const auto refused = [&](const TlsContext& client, const std::string& host) {
    Pair pair(**server, client, host);
    pair.shake();
    EXPECT_EQ(pair.client_done, TlsStep::Failed) << host;
    EXPECT_EQ(pair.client->error(), TlsError::Certificate) << host;
    EXPECT_EQ(pair.server->error(), TlsError::Alert) << host;
    return pair.client->error_text();
  };
  EXPECT_EQ(refused(**trusting, "b.example"), "hostname mismatch");
  EXPECT_EQ(refused(**trusting, "x.a.example"), "hostname mismatch");
  EXPECT_EQ(refused(**trusting, "127.0.0.2"), "IP address mismatch");
  EXPECT_EQ(refused(**stranger, "a.example"), "self-signed certificate");
}

TEST_F(Tls, SaysWhatIsWrongWithAFile) {
  const auto message = [](const auto& result) { return result ? std::string() : result.error().message(); };
  EXPECT_EQ(message(TlsContext::of_server({file("none"), file("key")})),
            "cannot use '" + file("none") + "' for TLS: No such file or directory");
  EXPECT_EQ(message(TlsContext::of_server({file("key"), file("key")})),
            "cannot use '" + file("key") + "' for TLS: no start line");
  EXPECT_EQ(message(TlsContext::of_client({.authorities = file("none")})),
            "cannot use '" + file("none") + "' for TLS: No such file or directory");
  const std::string other = "openssl ecparam -genkey -name prime256v1 -out '" + file("other") + "' 2>/dev/null";
  ASSERT_EQ(std::system(other.c_str()), 0);
  EXPECT_EQ(message(TlsContext::of_server({file("certificate"), file("other")})),
            "cannot use '" + file("other") + "' for TLS: key values mismatch");
  const std::string locked =
      "openssl pkey -in '" + file("key") + "' -aes256 -passout pass:secret -out '" + file("locked") + "' 2>/dev/null";
  ASSERT_EQ(std::system(locked.c_str()), 0);
  EXPECT_EQ(message(TlsContext::of_server({file("certificate"), file("locked")})),
            "cannot use '" + file("locked") +
                "' for TLS: it is encrypted, and nobody is there to be asked for its passphrase");
}

TEST_F(Tls, FailsOnBytesThatAreNotTls) {
  const auto server = TlsContext::of_server({file("certificate"), file("key")});
  ASSERT_TRUE(server);
  std::array<int, 2> sockets;
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets.data()), 0);
  const auto stream = *TlsStream::of_server(**server, sockets[0]);
  const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(::write(sockets[1], request.data(), request.size()), static_cast<ssize_t>(request.size()));
  EXPECT_EQ(stream->handshake(), TlsStep::Failed);
  EXPECT_EQ(stream->error(), TlsError::Protocol);
  EXPECT_EQ(stream->handshake(), TlsStep::Failed);
  for (int socket : sockets) ::close(socket);
}

}  // namespace
}  // namespace ashlar::http
