// Fuzz target: a server of HTTP/1 and HTTP/2 takes any bytes, however they are cut, without harm, and lets go of all
// that it held for them. The first byte says how they are cut.
#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "http/server.h"
#include "support/fail.h"

using namespace ashlar;

namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using wasi::host::HttpBody;

constexpr http::HttpLimits kLimits{.header_bytes = 4 << 10, .fields = 32, .body_bytes = 256 << 10, .streams = 8};

/// Sends back what comes, as it comes.
void echo(const wasi::host::HttpRequest& request, const std::shared_ptr<http::Answer>& answer) {
  const auto out = std::make_shared<HttpBody>();
  // The connection holds both.
  const auto move = [request_body = std::weak_ptr(request.body), answer_body = std::weak_ptr(out)] {
    const auto from = request_body.lock();
    const auto to = answer_body.lock();
    if (!from || !to) return;
    const size_t size = std::min(from->buffered(), to->room());
    to->write(from->peek().first(size));
    if (size != 0) from->consume(size);
    if (from->buffered() != 0) return;
    if (from->error()) to->fail(*from->error());
    if (from->finished()) to->end(from->trailers());
  };
  request.body->on_data = move;
  answer->respond({200, {{"x-path", request.path}}, out});
  move();
}

void drain(stream_protocol::socket& peer) {
  std::array<char, 4096> bytes;
  boost::system::error_code ec;
  while (peer.read_some(asio::buffer(bytes), ec) != 0) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::signal(SIGPIPE, SIG_IGN);
  const size_t piece = data[0] == 0 ? size : data[0];
  std::span<const uint8_t> rest(data + 1, size - 1);
  asio::io_context loop;
  std::weak_ptr<http::Answer> held;
  {
    http::Server server(loop, kLimits, [&](http::HttpRequest request, std::shared_ptr<http::Answer> answer) {
      held = answer;
      // Some are dropped, some refused, some answered later.
      if (request.path == "/drop") return;
      if (request.path == "/fail") return answer->fail(500);
      if (request.path == "/later") return asio::post(loop, [request, answer] { echo(request, answer); });
      echo(request, answer);
    });
    stream_protocol::socket mine(loop), peer(loop);
    asio::local::connect_pair(mine, peer);
    peer.non_blocking(true);
    server.take(std::move(mine), nullptr);
    while (!rest.empty()) {
      boost::system::error_code ec;
      const size_t sent = peer.write_some(asio::buffer(rest.data(), std::min(piece, rest.size())), ec);
      if (ec && ec != asio::error::would_block) break;
      rest = rest.subspan(sent);
      const size_t done = loop.poll();
      drain(peer);
      // It reads no more.
      if (sent == 0 && done == 0) break;
    }
    boost::system::error_code ignored;
    peer.shutdown(stream_protocol::socket::shutdown_send, ignored);
    loop.poll();
    drain(peer);
    server.finish({});
    loop.poll();
    server.stop();
    loop.poll();
  }
  if (!held.expired()) fuzz::fail("an answer is held when its server has gone");
  return 0;
}
