// Checks of addresses and states in front of the system's sockets; see ip_sockets.h.
#include "wasi/host/ip_sockets.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "os/socket.h"
#include "wasi/host/interrupt.h"

namespace ashlar::wasi::host {
namespace {

constexpr size_t kLargestDatagram = 65535;

/// The largest value that the system takes.
uint64_t largest(os::SocketOption option) {
  switch (option) {
    case os::SocketOption::KeepAliveIdle:
    case os::SocketOption::KeepAliveInterval:
      return 32767;
    case os::SocketOption::KeepAliveCount:
      return 127;
    case os::SocketOption::HopLimit:
      return 255;
    case os::SocketOption::KeepAlive:
    case os::SocketOption::ReceiveBuffer:
    case os::SocketOption::SendBuffer:
      break;
  }
  return std::numeric_limits<int>::max() / 2;
}

HostResult<std::shared_ptr<Descriptor>> make_socket(os::SocketKind kind, bool v6, Quota* quota) {
  Share share;
  if (!share.take(quota)) return fail(Errno::nfile);
  auto handle = os::make_ip_socket(kind, v6);
  if (!handle) return fail(errno_from_os(handle.error()));
  auto out = std::make_shared<Descriptor>(make_stream(std::move(*handle), 0));
  if (kind == os::SocketKind::Udp) out->type = FileType::SocketDgram;
  out->share = std::move(share);
  return out;
}

bool is_remote(const os::SocketAddress& address) { return address.port != 0 && !is_unspecified(address.ip); }

}  // namespace

HostResult<uint64_t> IpSocket::option(os::SocketOption option) const {
  HOST_ASSIGN(const int value, from_os(os::socket_option(handle(), option, v6_)));
  return static_cast<uint64_t>(std::max(value, 0));
}

HostStatus IpSocket::set_option(os::SocketOption option, uint64_t value) {
  if (value == 0) return fail(Errno::inval);
  return from_os(os::set_socket_option(handle(), option, v6_, static_cast<int>(std::min(value, largest(option)))));
}

HostStatus IpSocket::set_keep_alive(bool on) {
  return from_os(os::set_socket_option(handle(), os::SocketOption::KeepAlive, v6_, on ? 1 : 0));
}

HostStatus IpSocket::bind_checked(const NetworkPolicy& policy, const os::SocketAddress& address) {
  if (!policy.allows_bind(address)) return fail(Errno::acces);
  return from_os(os::bind_socket(handle(), address));
}

// ---- TCP

HostResult<TcpSocket> TcpSocket::make(const NetworkPolicy& policy, bool v6, Quota* quota) {
  if (!policy.tcp) return fail(Errno::acces);
  HOST_ASSIGN(auto descriptor, make_socket(os::SocketKind::Tcp, v6, quota));
  return TcpSocket(std::move(descriptor), v6);
}

HostStatus TcpSocket::bind(const NetworkPolicy& policy, const os::SocketAddress& address) {
  if (state_ != State::Unbound) return fail(Errno::isconn);
  if (!right_family(address) || !is_unicast(address.ip)) return fail(Errno::inval);
  HOST_TRY(bind_checked(policy, address));
  state_ = State::Bound;
  return {};
}

HostStatus TcpSocket::start_connect(const NetworkPolicy& policy, const os::SocketAddress& address) {
  if (state_ != State::Unbound && state_ != State::Bound) return fail(Errno::isconn);
  if (!right_family(address) || !is_unicast(address.ip) || !is_remote(address)) return fail(Errno::inval);
  if (!policy.allows(address)) return fail(Errno::acces);
  const auto begun = os::connect_socket(handle(), address);
  state_ = State::Connecting;
  if (begun) {
    connect_error_ = 0;
  } else if (begun.error() != EINPROGRESS) {
    // Linux: every port that an implicit bind could have taken is in use.
    connect_error_ = begun.error() == EADDRNOTAVAIL ? EADDRINUSE : begun.error();
  }
  return {};
}

HostStatus TcpSocket::finish_connect() {
  if (!connect_error_) {
    if (!ready_now(handle(), true)) return fail(Errno::again);
    connect_error_ = os::take_socket_error(handle());
  }
  state_ = *connect_error_ == 0 ? State::Connected : State::Closed;
  if (*connect_error_ != 0) return fail(errno_from_os(*connect_error_));
  return {};
}

HostStatus TcpSocket::listen(const NetworkPolicy& policy) {
  if (state_ != State::Bound) return fail(Errno::destaddrreq);
  HOST_ASSIGN(const os::SocketAddress own, from_os(os::local_address(handle())));
  if (!policy.allows(own)) return fail(Errno::acces);
  HOST_TRY(from_os(os::listen_socket(handle(), backlog_)));
  state_ = State::Listening;
  return {};
}

HostResult<TcpSocket> TcpSocket::accept(Quota* quota) {
  if (state_ != State::Listening) return fail(Errno::notconn);
  Share share;
  if (!share.take(quota)) return fail(Errno::nfile);
  for (;;) {
    auto handle = os::accept_connection(this->handle());
    if (!handle && handle.error() == EINTR) continue;
    if (!handle) return fail(errno_from_os(handle.error()));
    auto descriptor = std::make_shared<Descriptor>(make_stream(std::move(*handle), 0));
    descriptor->share = std::move(share);
    TcpSocket out(std::move(descriptor), v6_);
    out.state_ = State::Connected;
    return out;
  }
}

HostStatus TcpSocket::set_backlog(uint64_t size) {
  if (size == 0) return fail(Errno::inval);
  if (state_ == State::Connecting || state_ == State::Connected || state_ == State::Closed) return fail(Errno::isconn);
  backlog_ = static_cast<int>(std::min<uint64_t>(size, std::numeric_limits<int>::max()));
  if (state_ == State::Listening) return from_os(os::listen_socket(handle(), backlog_));
  return {};
}

HostResult<os::SocketAddress> TcpSocket::local_address() const {
  if (state_ == State::Unbound || state_ == State::Closed) return fail(Errno::notconn);
  return from_os(os::local_address(handle()));
}

HostResult<os::SocketAddress> TcpSocket::remote_address() const {
  if (state_ != State::Connected) return fail(Errno::notconn);
  return from_os(os::remote_address(handle()));
}

// ---- UDP

HostResult<UdpSocket> UdpSocket::make(const NetworkPolicy& policy, bool v6, Quota* quota) {
  if (!policy.udp) return fail(Errno::acces);
  HOST_ASSIGN(auto descriptor, make_socket(os::SocketKind::Udp, v6, quota));
  return UdpSocket(std::move(descriptor), v6);
}

HostStatus UdpSocket::bind(const NetworkPolicy& policy, const os::SocketAddress& address) {
  if (bound_) return fail(Errno::isconn);
  if (!right_family(address)) return fail(Errno::inval);
  HOST_TRY(bind_checked(policy, address));
  bound_ = true;
  const auto own = os::local_address(handle());
  serves_ = own && policy.allows(*own);
  return {};
}

/// Linux keeps the interface of the first peer unless the association is dissolved; with that a port goes that nobody
/// asked for by its number.
HostStatus UdpSocket::forget_peer() {
  HOST_ASSIGN(const os::SocketAddress own, from_os(os::local_address(handle())));
  HOST_TRY(from_os(os::disconnect_socket(handle())));
  peer_.reset();
  HOST_ASSIGN(os::SocketAddress now, from_os(os::local_address(handle())));
  if (now.port == own.port) return {};
  now.port = own.port;
  return from_os(os::bind_socket(handle(), now));
}

HostStatus UdpSocket::set_peer(const NetworkPolicy& policy, const std::optional<os::SocketAddress>& peer) {
  if (!bound_) return fail(Errno::destaddrreq);
  if (peer && (!right_family(*peer) || !is_remote(*peer))) return fail(Errno::inval);
  if (peer && !may_use(policy, *peer)) return fail(Errno::acces);
  if (peer_) HOST_TRY(forget_peer());
  if (peer) {
    HOST_TRY(from_os(os::connect_socket(handle(), *peer)));
    peer_ = peer;
  }
  return {};
}

HostResult<os::SocketAddress> UdpSocket::local_address() const {
  if (!bound_) return fail(Errno::notconn);
  return from_os(os::local_address(handle()));
}

HostResult<os::SocketAddress> UdpSocket::remote_address() const {
  if (!peer_) return fail(Errno::notconn);
  return *peer_;
}

bool UdpSocket::may_use(const NetworkPolicy& policy, const os::SocketAddress& peer) const {
  return policy.allows(peer) || std::ranges::find(callers_, peer) != callers_.end();
}

HostResult<UdpSocket::Datagram> UdpSocket::receive(const NetworkPolicy& policy) {
  std::array<uint8_t, kLargestDatagram> buffer;
  // Whoever sends nothing but what must be lost does not hold up the program.
  for (int lost = 0; lost < 256; ++lost) {
    const auto got = os::receive_datagram(handle(), buffer);
    if (!got && got.error() == EINTR) continue;
    if (!got) return fail(errno_from_os(got.error()));
    // What came before the peer was set is still in the queue.
    if (peer_ && (peer_->ip != got->from.ip || peer_->port != got->from.port)) continue;
    if (!may_use(policy, got->from)) {
      if (!serves_) continue;
      if (callers_.size() < kCallers) {
        callers_.push_back(got->from);
      } else {
        callers_[next_caller_++ % kCallers] = got->from;
      }
    }
    return Datagram{{buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(got->size)}, got->from};
  }
  return fail(Errno::again);
}

HostStatus UdpSocket::send(const NetworkPolicy& policy, std::span<const uint8_t> data,
                           const std::optional<os::SocketAddress>& to) {
  if (data.size() > kLargestDatagram) return fail(Errno::msgsize);
  if (to && (!right_family(*to) || !is_remote(*to))) return fail(Errno::inval);
  if (peer_ ? to && *to != *peer_ : !to) return fail(Errno::inval);
  if (to && !may_use(policy, *to)) return fail(Errno::acces);
  return from_os(os::send_datagram(handle(), data, peer_ || !to ? nullptr : &*to));
}

}  // namespace ashlar::wasi::host
