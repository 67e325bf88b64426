// wasi:sockets/tcp: what is begun and finished in two calls, and the streams of connections.
#include <algorithm>
#include <limits>

#include "wasi/p2/sockets.h"

namespace ashlar::wasi::p2 {

using host::Errno;
using os::SocketOption;
using socket_types::ErrorCode;
using socket_types::outcome;
using socket_types::refuse;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/// Asked again whenever it is polled, because what a socket waits for changes with its state.
class TcpWaitable final : public Waitable {
 public:
  explicit TcpWaitable(std::shared_ptr<TcpHost::Socket> s) : socket_(std::move(s)) {}
  std::optional<os::WaitItem> wait_for() override {
    const host::TcpSocket& s = socket_->socket;
    switch (s.state()) {
      case host::TcpSocket::State::Connecting:
        if (s.connect_decided()) return std::nullopt;
        return os::WaitItem{.fd = s.handle(), .write = true};
      case host::TcpSocket::State::Listening:
        // The next step is finish-listen, which waits for nothing.
        if (socket_->begun != TcpHost::Begun::Nothing) return std::nullopt;
        return os::WaitItem{.fd = s.handle(), .read = true};
      default:
        return std::nullopt;
    }
  }

 private:
  std::shared_ptr<TcpHost::Socket> socket_;
};

/// Ends what was begun.
template <class Socket, class Begun>
bool finish(Socket& s, Begun what) {
  if (s.begun != what) return false;
  s.begun = Begun::Nothing;
  return true;
}

}  // namespace

TcpHost::Outcome<Own<TcpHost::TcpSocket>> TcpHost::create_tcp_socket(socket_types::Family family) {
  using Out = Own<TcpSocket>;
  auto made = host::TcpSocket::make(w_.network, family == socket_types::Family::ipv6, w_.quota);
  if (!made) return refuse<Out>(socket_types::code_of(made.error()));
  return std::expected<Out, ErrorCode>(Out{sockets_.add(std::make_shared<Socket>(std::move(*made)))});
}

TcpHost::Outcome<void> TcpHost::tcp_socket_start_bind(Self self, Borrow<Network>, IpSocketAddress local_address) {
  Socket& s = at(self);
  if (s.begun != Begun::Nothing) return refuse<void>(ErrorCode::concurrency_conflict);
  const auto done = s.socket.bind(w_.network, socket_types::address_from(local_address));
  if (done) s.begun = Begun::Bind;
  return outcome<void>(done);
}

TcpHost::Outcome<void> TcpHost::tcp_socket_finish_bind(Self self) {
  if (!finish(at(self), Begun::Bind)) return refuse<void>(ErrorCode::not_in_progress);
  return std::expected<void, ErrorCode>();
}

TcpHost::Outcome<void> TcpHost::tcp_socket_start_connect(Self self, Borrow<Network>, IpSocketAddress remote_address) {
  Socket& s = at(self);
  if (s.begun != Begun::Nothing) return refuse<void>(ErrorCode::concurrency_conflict);
  const auto done = s.socket.start_connect(w_.network, socket_types::address_from(remote_address));
  if (done) s.begun = Begun::Connect;
  return outcome<void>(done);
}

TcpHost::Streams TcpHost::connect_streams(Socket& s) {
  s.connection = std::make_shared<Connection>(s.socket.descriptor());
  const Stream stream{.descriptor = s.socket.descriptor(), .offset = std::nullopt, .connection = s.connection};
  return {Own<InputStream>{w_.input.add(stream)}, Own<OutputStream>{w_.output.add(stream)}};
}

TcpHost::Outcome<TcpHost::Streams> TcpHost::tcp_socket_finish_connect(Self self) {
  Socket& s = at(self);
  if (s.begun != Begun::Connect) return refuse<Streams>(ErrorCode::not_in_progress);
  const auto done = s.socket.finish_connect();
  if (!done && done.error() == Errno::again) return refuse<Streams>(ErrorCode::would_block);
  s.begun = Begun::Nothing;
  if (!done) return refuse<Streams>(socket_types::code_of(done.error()));
  return std::expected<Streams, ErrorCode>(connect_streams(s));
}

TcpHost::Outcome<void> TcpHost::tcp_socket_start_listen(Self self) {
  Socket& s = at(self);
  if (s.begun != Begun::Nothing) return refuse<void>(ErrorCode::concurrency_conflict);
  const auto done = s.socket.listen(w_.network);
  if (done) s.begun = Begun::Listen;
  return outcome<void>(done);
}

TcpHost::Outcome<void> TcpHost::tcp_socket_finish_listen(Self self) {
  if (!finish(at(self), Begun::Listen)) return refuse<void>(ErrorCode::not_in_progress);
  return std::expected<void, ErrorCode>();
}

TcpHost::Outcome<TcpHost::Accepted> TcpHost::tcp_socket_accept(Self self) {
  Socket& listener = at(self);
  if (listener.begun != Begun::Nothing) return refuse<Accepted>(ErrorCode::invalid_state);
  auto made = listener.socket.accept(w_.quota);
  if (!made) return refuse<Accepted>(socket_types::code_of(made.error()));
  auto socket = std::make_shared<Socket>(std::move(*made));
  auto [input, output] = connect_streams(*socket);
  return std::expected<Accepted, ErrorCode>({Own<TcpSocket>{sockets_.add(std::move(socket))}, input, output});
}

TcpHost::Outcome<TcpHost::IpSocketAddress> TcpHost::tcp_socket_local_address(Self self) {
  return outcome(at(self).socket.local_address());
}

TcpHost::Outcome<TcpHost::IpSocketAddress> TcpHost::tcp_socket_remote_address(Self self) {
  return outcome(at(self).socket.remote_address());
}

Result<bool> TcpHost::tcp_socket_is_listening(Self self) {
  return at(self).socket.state() == host::TcpSocket::State::Listening;
}

Result<socket_types::Family> TcpHost::tcp_socket_address_family(Self self) {
  return at(self).socket.v6() ? socket_types::Family::ipv6 : socket_types::Family::ipv4;
}

TcpHost::Outcome<void> TcpHost::tcp_socket_set_listen_backlog_size(Self self, uint64_t value) {
  return outcome<void>(at(self).socket.set_backlog(value));
}

// ---- options

TcpHost::Outcome<void> TcpHost::set_option(Self self, SocketOption option, uint64_t value) {
  return outcome<void>(at(self).socket.set_option(option, value));
}

TcpHost::Outcome<uint64_t> TcpHost::seconds(Self self, SocketOption option) {
  auto value = this->option<uint64_t>(self, option);
  if (value && *value) **value *= kSecond;
  return value;
}

TcpHost::Outcome<void> TcpHost::set_seconds(Self self, SocketOption option, uint64_t nanoseconds) {
  // Up to whole seconds, so that what is not zero stays so.
  return set_option(self, option, nanoseconds / kSecond + (nanoseconds % kSecond != 0 ? 1 : 0));
}

TcpHost::Outcome<bool> TcpHost::tcp_socket_keep_alive_enabled(Self self) {
  return option<bool>(self, SocketOption::KeepAlive);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_keep_alive_enabled(Self self, bool value) {
  return outcome<void>(at(self).socket.set_keep_alive(value));
}
TcpHost::Outcome<uint64_t> TcpHost::tcp_socket_keep_alive_idle_time(Self self) {
  return seconds(self, SocketOption::KeepAliveIdle);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_keep_alive_idle_time(Self self, uint64_t value) {
  return set_seconds(self, SocketOption::KeepAliveIdle, value);
}
TcpHost::Outcome<uint64_t> TcpHost::tcp_socket_keep_alive_interval(Self self) {
  return seconds(self, SocketOption::KeepAliveInterval);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_keep_alive_interval(Self self, uint64_t value) {
  return set_seconds(self, SocketOption::KeepAliveInterval, value);
}
TcpHost::Outcome<uint32_t> TcpHost::tcp_socket_keep_alive_count(Self self) {
  return option<uint32_t>(self, SocketOption::KeepAliveCount);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_keep_alive_count(Self self, uint32_t value) {
  return set_option(self, SocketOption::KeepAliveCount, value);
}
TcpHost::Outcome<uint8_t> TcpHost::tcp_socket_hop_limit(Self self) {
  return option<uint8_t>(self, SocketOption::HopLimit);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_hop_limit(Self self, uint8_t value) {
  return set_option(self, SocketOption::HopLimit, value);
}
TcpHost::Outcome<uint64_t> TcpHost::tcp_socket_receive_buffer_size(Self self) {
  return option<uint64_t>(self, SocketOption::ReceiveBuffer);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_receive_buffer_size(Self self, uint64_t value) {
  return set_option(self, SocketOption::ReceiveBuffer, value);
}
TcpHost::Outcome<uint64_t> TcpHost::tcp_socket_send_buffer_size(Self self) {
  return option<uint64_t>(self, SocketOption::SendBuffer);
}
TcpHost::Outcome<void> TcpHost::tcp_socket_set_send_buffer_size(Self self, uint64_t value) {
  return set_option(self, SocketOption::SendBuffer, value);
}

// ---- readiness and the end

Result<Own<socket_types::Pollable>> TcpHost::tcp_socket_subscribe(Self self) {
  PollableState p;
  p.kind = PollableState::Kind::Other;
  p.other = std::make_shared<TcpWaitable>(sockets_[self.rep]);
  return Own<socket_types::Pollable>{w_.pollable(std::move(p))};
}

TcpHost::Outcome<void> TcpHost::tcp_socket_shutdown(Self self, sockets::tcp::ShutdownType type) {
  using Type = sockets::tcp::ShutdownType;
  const Socket& s = at(self);
  if (!s.connection) return refuse<void>(ErrorCode::invalid_state);
  if (type != Type::send) s.connection->shut_receive();
  if (type != Type::receive) s.connection->shut_send();
  return std::expected<void, ErrorCode>();
}

}  // namespace ashlar::wasi::p2
