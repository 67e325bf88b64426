// wasi:sockets over wasi/host's sockets.
#pragma once

#include "wasi/host/ip_sockets.h"
#include "wasi/host/name_lookup.h"
#include "wasi/p2/gen/sockets.h"
#include "wasi/p2/world.h"

namespace ashlar::wasi::p2 {

using component::Borrow;
using component::Own;

namespace socket_types {
using ErrorCode = sockets::network::ErrorCode;
using Family = sockets::network::IpAddressFamily;
using IpAddress = sockets::network::IpAddress;
using IpSocketAddress = sockets::network::IpSocketAddress;
using Network = sockets::network::Network;
using Pollable = io::poll::Pollable;
using host::HostResult;
template <class T>
using Outcome = Result<std::expected<T, ErrorCode>>;

ErrorCode code_of(host::Errno error);
os::SocketAddress address_from(const IpSocketAddress& a);
IpSocketAddress address_to(const os::SocketAddress& a);
IpAddress ip_to(const os::IpAddress& ip);

template <class T>
Outcome<T> refuse(ErrorCode code) {
  return std::expected<T, ErrorCode>(std::unexpected(code));
}

/// A service's answer, as the interface gives it.
template <class T>
Outcome<T> outcome(HostResult<T> result) {
  if (!result) return refuse<T>(code_of(result.error()));
  if constexpr (std::is_void_v<T>) {
    return std::expected<T, ErrorCode>();
  } else {
    return std::expected<T, ErrorCode>(std::move(*result));
  }
}
inline Outcome<IpSocketAddress> outcome(const HostResult<os::SocketAddress>& result) {
  if (!result) return refuse<IpSocketAddress>(code_of(result.error()));
  return std::expected<IpSocketAddress, ErrorCode>(address_to(*result));
}
/// The number that an option has, in the type that the interface gives it.
template <class T>
Outcome<T> option_as(const host::IpSocket& socket, os::SocketOption option) {
  const HostResult<uint64_t> value = socket.option(option);
  if (!value) return refuse<T>(code_of(value.error()));
  return std::expected<T, ErrorCode>(static_cast<T>(*value));
}
}  // namespace socket_types

/// network, instance-network and ip-name-lookup.
class NetworkHost final : public sockets::network::Host,
                          public sockets::instance_network::Host,
                          public sockets::ip_name_lookup::Host {
 public:
  using IpAddress = socket_types::IpAddress;
  using Network = socket_types::Network;
  using ResolveAddressStream = sockets::ip_name_lookup::ResolveAddressStream;
  template <class T>
  using Outcome = socket_types::Outcome<T>;

  explicit NetworkHost(World& w) : w_(w) {}
  /// Lets go of all that a guest had.
  void reset() { lookups_ = {}; }
  /// What a stream's error means for a socket.
  static std::optional<socket_types::ErrorCode> error_code(host::Errno error);
  void drop_network(uint32_t) override {}
  /// There is one network: what it may do is the program's policy.
  Result<Own<Network>> instance_network() override { return Own<Network>{0}; }
  void drop_resolve_address_stream(uint32_t rep) override { lookups_.drop(rep); }
  Outcome<std::optional<IpAddress>> resolve_address_stream_resolve_next_address(
      Borrow<ResolveAddressStream> self) override;
  Result<Own<socket_types::Pollable>> resolve_address_stream_subscribe(Borrow<ResolveAddressStream> self) override;
  Outcome<Own<ResolveAddressStream>> resolve_addresses(Borrow<Network> network, std::string name) override;

 private:
  struct Lookup {
    std::string name;
    std::optional<host::NameLookup> running;
    std::optional<os::LookupResult> result;
    size_t next = 0;
  };
  World& w_;
  Slab<Lookup> lookups_;
};

/// tcp and tcp-create-socket.
class TcpHost final : public sockets::tcp::Host, public sockets::tcp_create_socket::Host {
 public:
  using TcpSocket = sockets::tcp::TcpSocket;
  using Network = socket_types::Network;
  using IpSocketAddress = socket_types::IpSocketAddress;
  using InputStream = io::streams::InputStream;
  using OutputStream = io::streams::OutputStream;
  using Streams = std::tuple<Own<InputStream>, Own<OutputStream>>;
  using Accepted = std::tuple<Own<TcpSocket>, Own<InputStream>, Own<OutputStream>>;
  template <class T>
  using Outcome = socket_types::Outcome<T>;
  using Self = Borrow<TcpSocket>;

  explicit TcpHost(World& w) : w_(w) {}
  void reset() { sockets_ = {}; }
  Outcome<Own<TcpSocket>> create_tcp_socket(socket_types::Family address_family) override;
  void drop_tcp_socket(uint32_t rep) override { sockets_.drop(rep); }
  Outcome<void> tcp_socket_start_bind(Self self, Borrow<Network> network, IpSocketAddress local_address) override;
  Outcome<void> tcp_socket_finish_bind(Self self) override;
  Outcome<void> tcp_socket_start_connect(Self self, Borrow<Network> network, IpSocketAddress remote_address) override;
  Outcome<Streams> tcp_socket_finish_connect(Self self) override;
  Outcome<void> tcp_socket_start_listen(Self self) override;
  Outcome<void> tcp_socket_finish_listen(Self self) override;
  Outcome<Accepted> tcp_socket_accept(Self self) override;
  Outcome<IpSocketAddress> tcp_socket_local_address(Self self) override;
  Outcome<IpSocketAddress> tcp_socket_remote_address(Self self) override;
  Result<bool> tcp_socket_is_listening(Self self) override;
  Result<socket_types::Family> tcp_socket_address_family(Self self) override;
  Outcome<void> tcp_socket_set_listen_backlog_size(Self self, uint64_t value) override;
  Outcome<bool> tcp_socket_keep_alive_enabled(Self self) override;
  Outcome<void> tcp_socket_set_keep_alive_enabled(Self self, bool value) override;
  Outcome<uint64_t> tcp_socket_keep_alive_idle_time(Self self) override;
  Outcome<void> tcp_socket_set_keep_alive_idle_time(Self self, uint64_t value) override;
  Outcome<uint64_t> tcp_socket_keep_alive_interval(Self self) override;
  Outcome<void> tcp_socket_set_keep_alive_interval(Self self, uint64_t value) override;
  Outcome<uint32_t> tcp_socket_keep_alive_count(Self self) override;
  Outcome<void> tcp_socket_set_keep_alive_count(Self self, uint32_t value) override;
  Outcome<uint8_t> tcp_socket_hop_limit(Self self) override;
  Outcome<void> tcp_socket_set_hop_limit(Self self, uint8_t value) override;
  Outcome<uint64_t> tcp_socket_receive_buffer_size(Self self) override;
  Outcome<void> tcp_socket_set_receive_buffer_size(Self self, uint64_t value) override;
  Outcome<uint64_t> tcp_socket_send_buffer_size(Self self) override;
  Outcome<void> tcp_socket_set_send_buffer_size(Self self, uint64_t value) override;
  Result<Own<socket_types::Pollable>> tcp_socket_subscribe(Self self) override;
  Outcome<void> tcp_socket_shutdown(Self self, sockets::tcp::ShutdownType shutdown_type) override;

  /// What a start-... began and its finish-... has not ended.
  enum class Begun : uint8_t { Nothing, Bind, Connect, Listen };
  struct Socket {
    host::TcpSocket socket;
    Begun begun = Begun::Nothing;
    std::shared_ptr<Connection> connection = nullptr;
  };

 private:
  Socket& at(Self s) { return *sockets_[s.rep]; }
  template <class T>
  Outcome<T> option(Self s, os::SocketOption option) {
    return socket_types::option_as<T>(at(s).socket, option);
  }
  Outcome<void> set_option(Self s, os::SocketOption option, uint64_t value);
  Outcome<uint64_t> seconds(Self s, os::SocketOption option);
  Outcome<void> set_seconds(Self s, os::SocketOption option, uint64_t nanoseconds);
  Streams connect_streams(Socket& s);
  World& w_;
  Slab<std::shared_ptr<Socket>> sockets_;
};

/// udp and udp-create-socket.
class UdpHost final : public sockets::udp::Host, public sockets::udp_create_socket::Host {
 public:
  using UdpSocket = sockets::udp::UdpSocket;
  using Network = socket_types::Network;
  using IpSocketAddress = socket_types::IpSocketAddress;
  using Incoming = sockets::udp::IncomingDatagramStream;
  using Outgoing = sockets::udp::OutgoingDatagramStream;
  using Streams = std::tuple<Own<Incoming>, Own<Outgoing>>;
  template <class T>
  using Outcome = socket_types::Outcome<T>;
  using Self = Borrow<UdpSocket>;

  explicit UdpHost(World& w) : w_(w) {}
  void reset() {
    incoming_ = {};
    outgoing_ = {};
    sockets_ = {};
  }
  Outcome<Own<UdpSocket>> create_udp_socket(socket_types::Family address_family) override;
  void drop_udp_socket(uint32_t rep) override { sockets_.drop(rep); }
  void drop_incoming_datagram_stream(uint32_t rep) override { incoming_.drop(rep); }
  void drop_outgoing_datagram_stream(uint32_t rep) override { outgoing_.drop(rep); }
  Outcome<void> udp_socket_start_bind(Self self, Borrow<Network> network, IpSocketAddress local_address) override;
  Outcome<void> udp_socket_finish_bind(Self self) override;
  Outcome<Streams> udp_socket_stream(Self self, std::optional<IpSocketAddress> remote_address) override;
  Outcome<IpSocketAddress> udp_socket_local_address(Self self) override;
  Outcome<IpSocketAddress> udp_socket_remote_address(Self self) override;
  Result<socket_types::Family> udp_socket_address_family(Self self) override;
  Outcome<uint8_t> udp_socket_unicast_hop_limit(Self self) override;
  Outcome<void> udp_socket_set_unicast_hop_limit(Self self, uint8_t value) override;
  Outcome<uint64_t> udp_socket_receive_buffer_size(Self self) override;
  Outcome<void> udp_socket_set_receive_buffer_size(Self self, uint64_t value) override;
  Outcome<uint64_t> udp_socket_send_buffer_size(Self self) override;
  Outcome<void> udp_socket_set_send_buffer_size(Self self, uint64_t value) override;
  Result<Own<socket_types::Pollable>> udp_socket_subscribe(Self self) override;
  Outcome<std::vector<sockets::udp::IncomingDatagram>> incoming_datagram_stream_receive(Borrow<Incoming> self,
                                                                                        uint64_t max_results) override;
  Result<Own<socket_types::Pollable>> incoming_datagram_stream_subscribe(Borrow<Incoming> self) override;
  Outcome<uint64_t> outgoing_datagram_stream_check_send(Borrow<Outgoing> self) override;
  Outcome<uint64_t> outgoing_datagram_stream_send(Borrow<Outgoing> self,
                                                  std::vector<sockets::udp::OutgoingDatagram> datagrams) override;
  Result<Own<socket_types::Pollable>> outgoing_datagram_stream_subscribe(Borrow<Outgoing> self) override;

 private:
  struct Socket {
    host::UdpSocket socket;
    bool binding = false;     ///< between start-bind and finish-bind
    uint32_t generation = 0;  ///< of the streams that work: the last pair
  };
  struct Stream {
    std::shared_ptr<Socket> socket;
    uint32_t generation = 0;
    uint64_t permit = 0;  ///< datagrams that check-send allowed
    bool current() const { return generation == socket->generation; }
  };
  Socket& at(Self s) { return *sockets_[s.rep]; }
  template <class T>
  Outcome<T> option(Self s, os::SocketOption option) {
    return socket_types::option_as<T>(at(s).socket, option);
  }
  Outcome<void> set_option(Self s, os::SocketOption option, uint64_t value);
  World& w_;
  Slab<std::shared_ptr<Socket>> sockets_;
  Slab<Stream> incoming_, outgoing_;
};

}  // namespace ashlar::wasi::p2
