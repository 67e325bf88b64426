// wasi:sockets/udp: sockets and the streams of datagrams.
#include <algorithm>

#include "wasi/p2/sockets.h"

namespace ashlar::wasi::p2 {

using host::Errno;
using os::SocketOption;
using socket_types::ErrorCode;
using socket_types::outcome;
using socket_types::refuse;

namespace {

/// What one call may move, so that a guest's numbers are not the host's memory.
constexpr uint64_t kMostDatagrams = 16;

}  // namespace

UdpHost::Outcome<Own<UdpHost::UdpSocket>> UdpHost::create_udp_socket(socket_types::Family family) {
  using Out = Own<UdpSocket>;
  auto made = host::UdpSocket::make(w_.network, family == socket_types::Family::ipv6, w_.quota);
  if (!made) return refuse<Out>(socket_types::code_of(made.error()));
  return std::expected<Out, ErrorCode>(Out{sockets_.add(std::make_shared<Socket>(std::move(*made)))});
}

UdpHost::Outcome<void> UdpHost::udp_socket_start_bind(Self self, Borrow<Network>, IpSocketAddress local_address) {
  Socket& s = at(self);
  if (s.binding) return refuse<void>(ErrorCode::concurrency_conflict);
  const auto done = s.socket.bind(w_.network, socket_types::address_from(local_address));
  s.binding = done.has_value();
  return outcome<void>(done);
}

UdpHost::Outcome<void> UdpHost::udp_socket_finish_bind(Self self) {
  Socket& s = at(self);
  if (!s.binding) return refuse<void>(ErrorCode::not_in_progress);
  s.binding = false;
  return std::expected<void, ErrorCode>();
}

UdpHost::Outcome<UdpHost::Streams> UdpHost::udp_socket_stream(Self self, std::optional<IpSocketAddress> remote) {
  const std::shared_ptr<Socket> s = sockets_[self.rep];
  if (s->binding) return refuse<Streams>(ErrorCode::invalid_state);
  std::optional<os::SocketAddress> peer;
  if (remote) peer = socket_types::address_from(*remote);
  const auto done = s->socket.set_peer(w_.network, peer);
  if (!done) return refuse<Streams>(socket_types::code_of(done.error()));
  ++s->generation;
  return std::expected<Streams, ErrorCode>(
      {Own<Incoming>{incoming_.add({s, s->generation})}, Own<Outgoing>{outgoing_.add({s, s->generation})}});
}

UdpHost::Outcome<UdpHost::IpSocketAddress> UdpHost::udp_socket_local_address(Self self) {
  return outcome(at(self).socket.local_address());
}

UdpHost::Outcome<UdpHost::IpSocketAddress> UdpHost::udp_socket_remote_address(Self self) {
  return outcome(at(self).socket.remote_address());
}

Result<socket_types::Family> UdpHost::udp_socket_address_family(Self self) {
  return at(self).socket.v6() ? socket_types::Family::ipv6 : socket_types::Family::ipv4;
}

UdpHost::Outcome<void> UdpHost::set_option(Self self, SocketOption option, uint64_t value) {
  return outcome<void>(at(self).socket.set_option(option, value));
}

UdpHost::Outcome<uint8_t> UdpHost::udp_socket_unicast_hop_limit(Self self) {
  return option<uint8_t>(self, SocketOption::HopLimit);
}
UdpHost::Outcome<void> UdpHost::udp_socket_set_unicast_hop_limit(Self self, uint8_t value) {
  return set_option(self, SocketOption::HopLimit, value);
}
UdpHost::Outcome<uint64_t> UdpHost::udp_socket_receive_buffer_size(Self self) {
  return option<uint64_t>(self, SocketOption::ReceiveBuffer);
}
UdpHost::Outcome<void> UdpHost::udp_socket_set_receive_buffer_size(Self self, uint64_t value) {
  return set_option(self, SocketOption::ReceiveBuffer, value);
}
UdpHost::Outcome<uint64_t> UdpHost::udp_socket_send_buffer_size(Self self) {
  return option<uint64_t>(self, SocketOption::SendBuffer);
}
UdpHost::Outcome<void> UdpHost::udp_socket_set_send_buffer_size(Self self, uint64_t value) {
  return set_option(self, SocketOption::SendBuffer, value);
}

// Nothing that a socket itself does takes time.
Result<Own<socket_types::Pollable>> UdpHost::udp_socket_subscribe(Self) {
  return Own<socket_types::Pollable>{w_.pollable({})};
}

// ---- streams

UdpHost::Outcome<std::vector<sockets::udp::IncomingDatagram>> UdpHost::incoming_datagram_stream_receive(
    Borrow<Incoming> self, uint64_t max_results) {
  using Out = std::vector<sockets::udp::IncomingDatagram>;
  const Stream& s = incoming_[self.rep];
  if (!s.current()) return refuse<Out>(ErrorCode::invalid_state);
  Out out;
  while (out.size() < std::min(max_results, kMostDatagrams)) {
    auto got = s.socket->socket.receive(w_.network);
    if (got) {
      out.push_back({std::move(got->data), socket_types::address_to(got->from)});
    } else if (got.error() == Errno::again || !out.empty()) {
      break;
    } else {
      return refuse<Out>(socket_types::code_of(got.error()));
    }
  }
  return std::expected<Out, ErrorCode>(std::move(out));
}

Result<Own<socket_types::Pollable>> UdpHost::incoming_datagram_stream_subscribe(Borrow<Incoming> self) {
  const auto& d = incoming_[self.rep].socket->socket.descriptor();
  return Own<socket_types::Pollable>{w_.pollable({PollableState::Kind::Read, 0, d})};
}

UdpHost::Outcome<uint64_t> UdpHost::outgoing_datagram_stream_check_send(Borrow<Outgoing> self) {
  Stream& s = outgoing_[self.rep];
  if (!s.current()) return refuse<uint64_t>(ErrorCode::invalid_state);
  s.permit = host::ready_now(s.socket->socket.handle(), true) ? kMostDatagrams : 0;
  return std::expected<uint64_t, ErrorCode>(s.permit);
}

UdpHost::Outcome<uint64_t> UdpHost::outgoing_datagram_stream_send(
    Borrow<Outgoing> self, std::vector<sockets::udp::OutgoingDatagram> datagrams) {
  Stream& s = outgoing_[self.rep];
  if (!s.current()) return refuse<uint64_t>(ErrorCode::invalid_state);
  if (datagrams.size() > s.permit) {
    return make_error(ashlar::ErrorCode::component_trap, kNoOffset,
                      "wasi:sockets/udp: a send of " + std::to_string(datagrams.size()) +
                          " datagrams, of which check-send allowed " + std::to_string(s.permit));
  }
  if (!datagrams.empty()) s.permit = 0;
  uint64_t sent = 0;
  for (const sockets::udp::OutgoingDatagram& d : datagrams) {
    std::optional<os::SocketAddress> to;
    if (d.remote_address) to = socket_types::address_from(*d.remote_address);
    const auto done = s.socket->socket.send(w_.network, d.data, to);
    if (!done && sent == 0 && done.error() != Errno::again) {
      return refuse<uint64_t>(socket_types::code_of(done.error()));
    }
    if (!done) break;
    ++sent;
  }
  return std::expected<uint64_t, ErrorCode>(sent);
}

Result<Own<socket_types::Pollable>> UdpHost::outgoing_datagram_stream_subscribe(Borrow<Outgoing> self) {
  const auto& d = outgoing_[self.rep].socket->socket.descriptor();
  return Own<socket_types::Pollable>{w_.pollable({PollableState::Kind::Write, 0, d})};
}

}  // namespace ashlar::wasi::p2
