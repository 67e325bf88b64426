// Generated from wit/wasi-0.2.12/sockets.wit by tools/witgen.py: not to be edited.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "component/typed.h"
#include "wasi/p2/gen/clocks.h"
#include "wasi/p2/gen/io.h"

namespace ashlar::wasi::p2::sockets {

using namespace ashlar::component;

namespace network {

inline constexpr char kName[] = "wasi:sockets/network@0.2.12";

struct Network;
enum class ErrorCode : uint32_t {
  unknown,
  access_denied,
  not_supported,
  invalid_argument,
  out_of_memory,
  timeout,
  concurrency_conflict,
  not_in_progress,
  would_block,
  invalid_state,
  new_socket_limit,
  address_not_bindable,
  address_in_use,
  remote_unreachable,
  connection_refused,
  connection_reset,
  connection_aborted,
  datagram_too_large,
  name_unresolvable,
  temporary_resolver_failure,
  permanent_resolver_failure
};
constexpr auto abi_labels(ErrorCode) {
  return std::array{"unknown",
                    "access-denied",
                    "not-supported",
                    "invalid-argument",
                    "out-of-memory",
                    "timeout",
                    "concurrency-conflict",
                    "not-in-progress",
                    "would-block",
                    "invalid-state",
                    "new-socket-limit",
                    "address-not-bindable",
                    "address-in-use",
                    "remote-unreachable",
                    "connection-refused",
                    "connection-reset",
                    "connection-aborted",
                    "datagram-too-large",
                    "name-unresolvable",
                    "temporary-resolver-failure",
                    "permanent-resolver-failure"};
}
enum class IpAddressFamily : uint32_t { ipv4, ipv6 };
constexpr auto abi_labels(IpAddressFamily) { return std::array{"ipv4", "ipv6"}; }
using Ipv4Address = std::tuple<uint8_t, uint8_t, uint8_t, uint8_t>;
using Ipv6Address = std::tuple<uint16_t, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t>;
struct IpAddress {
  enum Case : uint32_t { kIpv4, kIpv6 };
  std::variant<Ipv4Address, Ipv6Address> value;
  static constexpr std::array cases{"ipv4", "ipv6"};
};
struct Ipv4SocketAddress {
  uint16_t port{};
  Ipv4Address address{};
  static constexpr auto fields = std::tuple(component::Field{"port", &Ipv4SocketAddress::port},
                                            component::Field{"address", &Ipv4SocketAddress::address});
};
struct Ipv6SocketAddress {
  uint16_t port{};
  uint32_t flow_info{};
  Ipv6Address address{};
  uint32_t scope_id{};
  static constexpr auto fields = std::tuple(component::Field{"port", &Ipv6SocketAddress::port},
                                            component::Field{"flow-info", &Ipv6SocketAddress::flow_info},
                                            component::Field{"address", &Ipv6SocketAddress::address},
                                            component::Field{"scope-id", &Ipv6SocketAddress::scope_id});
};
struct IpSocketAddress {
  enum Case : uint32_t { kIpv4, kIpv6 };
  std::variant<Ipv4SocketAddress, Ipv6SocketAddress> value;
  static constexpr std::array cases{"ipv4", "ipv6"};
};

/// What a host does for wasi:sockets/network@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_network(uint32_t rep) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "network", {[&host](uint32_t rep) { host.drop_network(rep); }, tag_of<Network>()});
}

}  // namespace network

namespace instance_network {

inline constexpr char kName[] = "wasi:sockets/instance-network@0.2.12";

using Network = network::Network;

/// What a host does for wasi:sockets/instance-network@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<Own<network::Network>> instance_network() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "instance-network", typed_function([&host]() { return host.instance_network(); }));
}

}  // namespace instance_network

namespace ip_name_lookup {

inline constexpr char kName[] = "wasi:sockets/ip-name-lookup@0.2.12";

using Pollable = ::ashlar::wasi::p2::io::poll::Pollable;
using Network = network::Network;
using ErrorCode = network::ErrorCode;
using IpAddress = network::IpAddress;
struct ResolveAddressStream;

/// What a host does for wasi:sockets/ip-name-lookup@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_resolve_address_stream(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<std::optional<IpAddress>, ErrorCode>>
  resolve_address_stream_resolve_next_address(Borrow<ResolveAddressStream> self) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> resolve_address_stream_subscribe(
      Borrow<ResolveAddressStream> self) = 0;
  virtual ashlar::Result<std::expected<Own<ResolveAddressStream>, ErrorCode>> resolve_addresses(
      Borrow<network::Network> network, std::string name) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "resolve-address-stream",
              {[&host](uint32_t rep) { host.drop_resolve_address_stream(rep); }, tag_of<ResolveAddressStream>()});
  to.function(kName, "[method]resolve-address-stream.resolve-next-address",
              typed_function([&host](Borrow<ResolveAddressStream> self) {
                return host.resolve_address_stream_resolve_next_address(std::move(self));
              }));
  to.function(kName, "[method]resolve-address-stream.subscribe",
              typed_function([&host](Borrow<ResolveAddressStream> self) {
                return host.resolve_address_stream_subscribe(std::move(self));
              }));
  to.function(kName, "resolve-addresses", typed_function([&host](Borrow<network::Network> network, std::string name) {
                return host.resolve_addresses(std::move(network), std::move(name));
              }));
}

}  // namespace ip_name_lookup

namespace tcp {

inline constexpr char kName[] = "wasi:sockets/tcp@0.2.12";

using InputStream = ::ashlar::wasi::p2::io::streams::InputStream;
using OutputStream = ::ashlar::wasi::p2::io::streams::OutputStream;
using Pollable = ::ashlar::wasi::p2::io::poll::Pollable;
using Duration = ::ashlar::wasi::p2::clocks::monotonic_clock::Duration;
using Network = network::Network;
using ErrorCode = network::ErrorCode;
using IpSocketAddress = network::IpSocketAddress;
using IpAddressFamily = network::IpAddressFamily;
enum class ShutdownType : uint32_t { receive, send, both };
constexpr auto abi_labels(ShutdownType) { return std::array{"receive", "send", "both"}; }
struct TcpSocket;

/// What a host does for wasi:sockets/tcp@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_tcp_socket(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_start_bind(Borrow<TcpSocket> self,
                                                                               Borrow<network::Network> network,
                                                                               IpSocketAddress local_address) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_finish_bind(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_start_connect(Borrow<TcpSocket> self,
                                                                                  Borrow<network::Network> network,
                                                                                  IpSocketAddress remote_address) = 0;
  virtual ashlar::Result<std::expected<
      std::tuple<Own<::ashlar::wasi::p2::io::streams::InputStream>, Own<::ashlar::wasi::p2::io::streams::OutputStream>>,
      ErrorCode>>
  tcp_socket_finish_connect(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_start_listen(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_finish_listen(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<std::tuple<Own<TcpSocket>, Own<::ashlar::wasi::p2::io::streams::InputStream>,
                                                  Own<::ashlar::wasi::p2::io::streams::OutputStream>>,
                                       ErrorCode>>
  tcp_socket_accept(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<IpSocketAddress, ErrorCode>> tcp_socket_local_address(
      Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<IpSocketAddress, ErrorCode>> tcp_socket_remote_address(
      Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<bool> tcp_socket_is_listening(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<IpAddressFamily> tcp_socket_address_family(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_listen_backlog_size(Borrow<TcpSocket> self,
                                                                                            uint64_t value) = 0;
  virtual ashlar::Result<std::expected<bool, ErrorCode>> tcp_socket_keep_alive_enabled(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_keep_alive_enabled(Borrow<TcpSocket> self,
                                                                                           bool value) = 0;
  virtual ashlar::Result<std::expected<Duration, ErrorCode>> tcp_socket_keep_alive_idle_time(
      Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_keep_alive_idle_time(Borrow<TcpSocket> self,
                                                                                             Duration value) = 0;
  virtual ashlar::Result<std::expected<Duration, ErrorCode>> tcp_socket_keep_alive_interval(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_keep_alive_interval(Borrow<TcpSocket> self,
                                                                                            Duration value) = 0;
  virtual ashlar::Result<std::expected<uint32_t, ErrorCode>> tcp_socket_keep_alive_count(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_keep_alive_count(Borrow<TcpSocket> self,
                                                                                         uint32_t value) = 0;
  virtual ashlar::Result<std::expected<uint8_t, ErrorCode>> tcp_socket_hop_limit(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_hop_limit(Borrow<TcpSocket> self,
                                                                                  uint8_t value) = 0;
  virtual ashlar::Result<std::expected<uint64_t, ErrorCode>> tcp_socket_receive_buffer_size(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_receive_buffer_size(Borrow<TcpSocket> self,
                                                                                            uint64_t value) = 0;
  virtual ashlar::Result<std::expected<uint64_t, ErrorCode>> tcp_socket_send_buffer_size(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_set_send_buffer_size(Borrow<TcpSocket> self,
                                                                                         uint64_t value) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> tcp_socket_subscribe(Borrow<TcpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> tcp_socket_shutdown(Borrow<TcpSocket> self,
                                                                             ShutdownType shutdown_type) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "tcp-socket", {[&host](uint32_t rep) { host.drop_tcp_socket(rep); }, tag_of<TcpSocket>()});
  to.function(
      kName, "[method]tcp-socket.start-bind",
      typed_function([&host](Borrow<TcpSocket> self, Borrow<network::Network> network, IpSocketAddress local_address) {
        return host.tcp_socket_start_bind(std::move(self), std::move(network), std::move(local_address));
      }));
  to.function(kName, "[method]tcp-socket.finish-bind",
              typed_function([&host](Borrow<TcpSocket> self) { return host.tcp_socket_finish_bind(std::move(self)); }));
  to.function(
      kName, "[method]tcp-socket.start-connect",
      typed_function([&host](Borrow<TcpSocket> self, Borrow<network::Network> network, IpSocketAddress remote_address) {
        return host.tcp_socket_start_connect(std::move(self), std::move(network), std::move(remote_address));
      }));
  to.function(kName, "[method]tcp-socket.finish-connect", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_finish_connect(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.start-listen", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_start_listen(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.finish-listen", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_finish_listen(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.accept",
              typed_function([&host](Borrow<TcpSocket> self) { return host.tcp_socket_accept(std::move(self)); }));
  to.function(kName, "[method]tcp-socket.local-address", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_local_address(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.remote-address", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_remote_address(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.is-listening", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_is_listening(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.address-family", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_address_family(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-listen-backlog-size",
              typed_function([&host](Borrow<TcpSocket> self, uint64_t value) {
                return host.tcp_socket_set_listen_backlog_size(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.keep-alive-enabled", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_keep_alive_enabled(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-keep-alive-enabled",
              typed_function([&host](Borrow<TcpSocket> self, bool value) {
                return host.tcp_socket_set_keep_alive_enabled(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.keep-alive-idle-time", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_keep_alive_idle_time(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-keep-alive-idle-time",
              typed_function([&host](Borrow<TcpSocket> self, Duration value) {
                return host.tcp_socket_set_keep_alive_idle_time(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.keep-alive-interval", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_keep_alive_interval(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-keep-alive-interval",
              typed_function([&host](Borrow<TcpSocket> self, Duration value) {
                return host.tcp_socket_set_keep_alive_interval(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.keep-alive-count", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_keep_alive_count(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-keep-alive-count",
              typed_function([&host](Borrow<TcpSocket> self, uint32_t value) {
                return host.tcp_socket_set_keep_alive_count(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.hop-limit",
              typed_function([&host](Borrow<TcpSocket> self) { return host.tcp_socket_hop_limit(std::move(self)); }));
  to.function(kName, "[method]tcp-socket.set-hop-limit", typed_function([&host](Borrow<TcpSocket> self, uint8_t value) {
                return host.tcp_socket_set_hop_limit(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.receive-buffer-size", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_receive_buffer_size(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-receive-buffer-size",
              typed_function([&host](Borrow<TcpSocket> self, uint64_t value) {
                return host.tcp_socket_set_receive_buffer_size(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.send-buffer-size", typed_function([&host](Borrow<TcpSocket> self) {
                return host.tcp_socket_send_buffer_size(std::move(self));
              }));
  to.function(kName, "[method]tcp-socket.set-send-buffer-size",
              typed_function([&host](Borrow<TcpSocket> self, uint64_t value) {
                return host.tcp_socket_set_send_buffer_size(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]tcp-socket.subscribe",
              typed_function([&host](Borrow<TcpSocket> self) { return host.tcp_socket_subscribe(std::move(self)); }));
  to.function(kName, "[method]tcp-socket.shutdown",
              typed_function([&host](Borrow<TcpSocket> self, ShutdownType shutdown_type) {
                return host.tcp_socket_shutdown(std::move(self), std::move(shutdown_type));
              }));
}

}  // namespace tcp

namespace tcp_create_socket {

inline constexpr char kName[] = "wasi:sockets/tcp-create-socket@0.2.12";

using Network = network::Network;
using ErrorCode = network::ErrorCode;
using IpAddressFamily = network::IpAddressFamily;
using TcpSocket = tcp::TcpSocket;

/// What a host does for wasi:sockets/tcp-create-socket@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::expected<Own<tcp::TcpSocket>, ErrorCode>> create_tcp_socket(
      IpAddressFamily address_family) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "create-tcp-socket", typed_function([&host](IpAddressFamily address_family) {
                return host.create_tcp_socket(std::move(address_family));
              }));
}

}  // namespace tcp_create_socket

namespace udp {

inline constexpr char kName[] = "wasi:sockets/udp@0.2.12";

using Pollable = ::ashlar::wasi::p2::io::poll::Pollable;
using Network = network::Network;
using ErrorCode = network::ErrorCode;
using IpSocketAddress = network::IpSocketAddress;
using IpAddressFamily = network::IpAddressFamily;
struct IncomingDatagram {
  std::vector<uint8_t> data{};
  IpSocketAddress remote_address{};
  static constexpr auto fields = std::tuple(component::Field{"data", &IncomingDatagram::data},
                                            component::Field{"remote-address", &IncomingDatagram::remote_address});
};
struct OutgoingDatagram {
  std::vector<uint8_t> data{};
  std::optional<IpSocketAddress> remote_address{};
  static constexpr auto fields = std::tuple(component::Field{"data", &OutgoingDatagram::data},
                                            component::Field{"remote-address", &OutgoingDatagram::remote_address});
};
struct UdpSocket;
struct IncomingDatagramStream;
struct OutgoingDatagramStream;

/// What a host does for wasi:sockets/udp@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_udp_socket(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_incoming_datagram_stream(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_outgoing_datagram_stream(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> udp_socket_start_bind(Borrow<UdpSocket> self,
                                                                               Borrow<network::Network> network,
                                                                               IpSocketAddress local_address) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> udp_socket_finish_bind(Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<std::tuple<Own<IncomingDatagramStream>, Own<OutgoingDatagramStream>>, ErrorCode>>
  udp_socket_stream(Borrow<UdpSocket> self, std::optional<IpSocketAddress> remote_address) = 0;
  virtual ashlar::Result<std::expected<IpSocketAddress, ErrorCode>> udp_socket_local_address(
      Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<IpSocketAddress, ErrorCode>> udp_socket_remote_address(
      Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<IpAddressFamily> udp_socket_address_family(Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<uint8_t, ErrorCode>> udp_socket_unicast_hop_limit(Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> udp_socket_set_unicast_hop_limit(Borrow<UdpSocket> self,
                                                                                          uint8_t value) = 0;
  virtual ashlar::Result<std::expected<uint64_t, ErrorCode>> udp_socket_receive_buffer_size(Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> udp_socket_set_receive_buffer_size(Borrow<UdpSocket> self,
                                                                                            uint64_t value) = 0;
  virtual ashlar::Result<std::expected<uint64_t, ErrorCode>> udp_socket_send_buffer_size(Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> udp_socket_set_send_buffer_size(Borrow<UdpSocket> self,
                                                                                         uint64_t value) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> udp_socket_subscribe(Borrow<UdpSocket> self) = 0;
  virtual ashlar::Result<std::expected<std::vector<IncomingDatagram>, ErrorCode>> incoming_datagram_stream_receive(
      Borrow<IncomingDatagramStream> self, uint64_t max_results) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> incoming_datagram_stream_subscribe(
      Borrow<IncomingDatagramStream> self) = 0;
  virtual ashlar::Result<std::expected<uint64_t, ErrorCode>> outgoing_datagram_stream_check_send(
      Borrow<OutgoingDatagramStream> self) = 0;
  virtual ashlar::Result<std::expected<uint64_t, ErrorCode>> outgoing_datagram_stream_send(
      Borrow<OutgoingDatagramStream> self, std::vector<OutgoingDatagram> datagrams) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> outgoing_datagram_stream_subscribe(
      Borrow<OutgoingDatagramStream> self) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "udp-socket", {[&host](uint32_t rep) { host.drop_udp_socket(rep); }, tag_of<UdpSocket>()});
  to.resource(kName, "incoming-datagram-stream",
              {[&host](uint32_t rep) { host.drop_incoming_datagram_stream(rep); }, tag_of<IncomingDatagramStream>()});
  to.resource(kName, "outgoing-datagram-stream",
              {[&host](uint32_t rep) { host.drop_outgoing_datagram_stream(rep); }, tag_of<OutgoingDatagramStream>()});
  to.function(
      kName, "[method]udp-socket.start-bind",
      typed_function([&host](Borrow<UdpSocket> self, Borrow<network::Network> network, IpSocketAddress local_address) {
        return host.udp_socket_start_bind(std::move(self), std::move(network), std::move(local_address));
      }));
  to.function(kName, "[method]udp-socket.finish-bind",
              typed_function([&host](Borrow<UdpSocket> self) { return host.udp_socket_finish_bind(std::move(self)); }));
  to.function(kName, "[method]udp-socket.stream",
              typed_function([&host](Borrow<UdpSocket> self, std::optional<IpSocketAddress> remote_address) {
                return host.udp_socket_stream(std::move(self), std::move(remote_address));
              }));
  to.function(kName, "[method]udp-socket.local-address", typed_function([&host](Borrow<UdpSocket> self) {
                return host.udp_socket_local_address(std::move(self));
              }));
  to.function(kName, "[method]udp-socket.remote-address", typed_function([&host](Borrow<UdpSocket> self) {
                return host.udp_socket_remote_address(std::move(self));
              }));
  to.function(kName, "[method]udp-socket.address-family", typed_function([&host](Borrow<UdpSocket> self) {
                return host.udp_socket_address_family(std::move(self));
              }));
  to.function(kName, "[method]udp-socket.unicast-hop-limit", typed_function([&host](Borrow<UdpSocket> self) {
                return host.udp_socket_unicast_hop_limit(std::move(self));
              }));
  to.function(kName, "[method]udp-socket.set-unicast-hop-limit",
              typed_function([&host](Borrow<UdpSocket> self, uint8_t value) {
                return host.udp_socket_set_unicast_hop_limit(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]udp-socket.receive-buffer-size", typed_function([&host](Borrow<UdpSocket> self) {
                return host.udp_socket_receive_buffer_size(std::move(self));
              }));
  to.function(kName, "[method]udp-socket.set-receive-buffer-size",
              typed_function([&host](Borrow<UdpSocket> self, uint64_t value) {
                return host.udp_socket_set_receive_buffer_size(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]udp-socket.send-buffer-size", typed_function([&host](Borrow<UdpSocket> self) {
                return host.udp_socket_send_buffer_size(std::move(self));
              }));
  to.function(kName, "[method]udp-socket.set-send-buffer-size",
              typed_function([&host](Borrow<UdpSocket> self, uint64_t value) {
                return host.udp_socket_set_send_buffer_size(std::move(self), std::move(value));
              }));
  to.function(kName, "[method]udp-socket.subscribe",
              typed_function([&host](Borrow<UdpSocket> self) { return host.udp_socket_subscribe(std::move(self)); }));
  to.function(kName, "[method]incoming-datagram-stream.receive",
              typed_function([&host](Borrow<IncomingDatagramStream> self, uint64_t max_results) {
                return host.incoming_datagram_stream_receive(std::move(self), std::move(max_results));
              }));
  to.function(kName, "[method]incoming-datagram-stream.subscribe",
              typed_function([&host](Borrow<IncomingDatagramStream> self) {
                return host.incoming_datagram_stream_subscribe(std::move(self));
              }));
  to.function(kName, "[method]outgoing-datagram-stream.check-send",
              typed_function([&host](Borrow<OutgoingDatagramStream> self) {
                return host.outgoing_datagram_stream_check_send(std::move(self));
              }));
  to.function(kName, "[method]outgoing-datagram-stream.send",
              typed_function([&host](Borrow<OutgoingDatagramStream> self, std::vector<OutgoingDatagram> datagrams) {
                return host.outgoing_datagram_stream_send(std::move(self), std::move(datagrams));
              }));
  to.function(kName, "[method]outgoing-datagram-stream.subscribe",
              typed_function([&host](Borrow<OutgoingDatagramStream> self) {
                return host.outgoing_datagram_stream_subscribe(std::move(self));
              }));
}

}  // namespace udp

namespace udp_create_socket {

inline constexpr char kName[] = "wasi:sockets/udp-create-socket@0.2.12";

using Network = network::Network;
using ErrorCode = network::ErrorCode;
using IpAddressFamily = network::IpAddressFamily;
using UdpSocket = udp::UdpSocket;

/// What a host does for wasi:sockets/udp-create-socket@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::expected<Own<udp::UdpSocket>, ErrorCode>> create_udp_socket(
      IpAddressFamily address_family) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "create-udp-socket", typed_function([&host](IpAddressFamily address_family) {
                return host.create_udp_socket(std::move(address_family));
              }));
}

}  // namespace udp_create_socket

}  // namespace ashlar::wasi::p2::sockets
