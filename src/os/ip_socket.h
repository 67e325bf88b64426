// TCP and UDP sockets of both families, never blocking, and the addresses they use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "os/file.h"

namespace ashlar::os {

/// IPv4 in the first four bytes, or IPv6.
struct IpAddress {
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};
  bool operator==(const IpAddress&) const = default;
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;
  uint32_t flow_info = 0;  ///< IPv6
  uint32_t scope_id = 0;   ///< IPv6
  bool operator==(const SocketAddress&) const = default;
};

/// "127.0.0.1" or "::1"; nothing for any other text.
std::optional<IpAddress> parse_ip_address(std::string_view text);

enum class SocketKind : uint8_t { Tcp, Udp };

/// IPv6 sockets take no IPv4.
SysResult<Fd> make_ip_socket(SocketKind kind, bool v6);
/// TCP: a port that a closed connection still holds can be bound again.
SysResult<void> bind_socket(int fd, const SocketAddress& address);
/// EINPROGRESS when a connection has begun.
SysResult<void> connect_socket(int fd, const SocketAddress& address);
/// UDP: forgets the peer.
SysResult<void> disconnect_socket(int fd);
/// May be called again, for another backlog.
SysResult<void> listen_socket(int fd, int backlog);
/// The error that a connection ended with, which is then forgotten; 0 without any.
int take_socket_error(int fd);
SysResult<SocketAddress> local_address(int fd);
SysResult<SocketAddress> remote_address(int fd);

struct ReceivedDatagram {
  size_t size = 0;
  SocketAddress from;
};
/// EAGAIN when nothing is there. What does not fit is lost.
SysResult<ReceivedDatagram> receive_datagram(int fd, std::span<uint8_t> into);
/// To the peer of a connected socket without an address.
SysResult<void> send_datagram(int fd, std::span<const uint8_t> bytes, const SocketAddress* to);

enum class SocketOption : uint8_t {
  KeepAlive,
  KeepAliveIdle,      ///< seconds
  KeepAliveInterval,  ///< seconds
  KeepAliveCount,
  HopLimit,
  ReceiveBuffer,  ///< bytes
  SendBuffer,     ///< bytes
};
SysResult<int> socket_option(int fd, SocketOption option, bool v6);
SysResult<void> set_socket_option(int fd, SocketOption option, bool v6, int value);

}  // namespace ashlar::os
