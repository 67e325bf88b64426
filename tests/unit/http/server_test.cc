// A server's connections, as the peer sees them, over a pair of sockets.
#include "http/server.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace ashlar::http {
namespace {

namespace asio = boost::asio;
using wasi::host::HttpBody;

/// "hello", as a handler's answer.
HttpResponse hello() {
  HttpResponse out{200, {}, std::make_shared<HttpBody>()};
  constexpr std::string_view kText = "hello";
  out.body->write({reinterpret_cast<const uint8_t*>(kText.data()), kText.size()});
  out.body->end();
  return out;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : server_(loop_, HttpLimits{}, [this](HttpRequest, std::shared_ptr<Answer> answer) {
          answers_.push_back(answer);
          answer->respond(hello());
        }) {
    asio::local::stream_protocol::socket end(loop_);
    asio::local::connect_pair(end, peer_);
    server_.take(asio::generic::stream_protocol::socket(std::move(end)), nullptr);
  }
  ~ServerTest() override { server_.stop(); }

  /// Lets the server do all that it can.
  void run() {
    loop_.restart();
    while (loop_.poll() != 0) {
    }
  }
  /// What the peer has been sent.
  std::string exchange(std::string_view request) {
    asio::write(peer_, asio::buffer(request));
    run();
    std::string out(peer_.available(), 0);
    asio::read(peer_, asio::buffer(out));
    return out;
  }

  asio::io_context loop_{1};
  asio::local::stream_protocol::socket peer_{loop_};
  std::vector<std::shared_ptr<Answer>> answers_;
  Server server_;
};

// A program may fail long after its response has gone: that is nobody's answer.
TEST_F(ServerTest, AnAnswerEndsWithItsResponse) {
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
  EXPECT_TRUE(exchange(kRequest).starts_with("HTTP/1.1 200 OK\r\n"));
  answers_[0]->fail(500);
  run();
  EXPECT_EQ(peer_.available(), 0u);
  answers_.clear();
  run();
  EXPECT_EQ(peer_.available(), 0u);
  EXPECT_TRUE(exchange(kRequest).starts_with("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace ashlar::http
