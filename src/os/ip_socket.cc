// BSD sockets of the internet families.
#include "os/ip_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace ashlar::os {
namespace {

struct Native {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

Native native_of(const SocketAddress& address) {
  Native out;
  if (address.ip.v6) {
    auto& to = reinterpret_cast<sockaddr_in6&>(out.storage);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(address.port);
    to.sin6_flowinfo = htonl(address.flow_info);
    to.sin6_scope_id = address.scope_id;
    std::memcpy(&to.sin6_addr, address.ip.bytes.data(), 16);
    out.size = sizeof to;
  } else {
    auto& to = reinterpret_cast<sockaddr_in&>(out.storage);
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    std::memcpy(&to.sin_addr, address.ip.bytes.data(), 4);
    out.size = sizeof to;
  }
  return out;
}

SocketAddress address_of(const Native& native) {
  SocketAddress out;
  if (native.storage.ss_family == AF_INET6) {
    const auto& from = reinterpret_cast<const sockaddr_in6&>(native.storage);
    out.ip.v6 = true;
    out.port = ntohs(from.sin6_port);
    out.flow_info = ntohl(from.sin6_flowinfo);
    out.scope_id = from.sin6_scope_id;
    std::memcpy(out.ip.bytes.data(), &from.sin6_addr, 16);
  } else {
    const auto& from = reinterpret_cast<const sockaddr_in&>(native.storage);
    out.port = ntohs(from.sin_port);
    std::memcpy(out.ip.bytes.data(), &from.sin_addr, 4);
  }
  return out;
}

SysResult<void> status(int returned) {
  if (returned != 0) return std::unexpected(errno);
  return {};
}

struct OptionName {
  int level;
  int name;
};

OptionName option_name(SocketOption option, bool v6) {
  switch (option) {
    case SocketOption::KeepAlive:
      return {SOL_SOCKET, SO_KEEPALIVE};
    case SocketOption::KeepAliveIdle:
      return {IPPROTO_TCP, TCP_KEEPIDLE};
    case SocketOption::KeepAliveInterval:
      return {IPPROTO_TCP, TCP_KEEPINTVL};
    case SocketOption::KeepAliveCount:
      return {IPPROTO_TCP, TCP_KEEPCNT};
    case SocketOption::HopLimit:
      return v6 ? OptionName{IPPROTO_IPV6, IPV6_UNICAST_HOPS} : OptionName{IPPROTO_IP, IP_TTL};
    case SocketOption::ReceiveBuffer:
      return {SOL_SOCKET, SO_RCVBUF};
    case SocketOption::SendBuffer:
      return {SOL_SOCKET, SO_SNDBUF};
  }
  return {};
}

bool is_buffer(SocketOption option) {
  return option == SocketOption::ReceiveBuffer || option == SocketOption::SendBuffer;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != copy.npos) return std::nullopt;
  IpAddress out;
  if (::inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) return out;
  out.v6 = true;
  if (::inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

SysResult<Fd> make_ip_socket(SocketKind kind, bool v6) {
  const int type = (kind == SocketKind::Tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  Fd fd = Fd::own(::socket(v6 ? AF_INET6 : AF_INET, type, 0));
  if (!fd) return std::unexpected(errno);
  const int on = 1;
  if (v6 && ::setsockopt(fd.raw(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) return std::unexpected(errno);
  if (kind == SocketKind::Tcp) ::setsockopt(fd.raw(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

SysResult<void> bind_socket(int fd, const SocketAddress& address) {
  Native native = native_of(address);
  return status(::bind(fd, native.raw(), native.size));
}

SysResult<void> connect_socket(int fd, const SocketAddress& address) {
  Native native = native_of(address);
  return status(::connect(fd, native.raw(), native.size));
}

SysResult<void> disconnect_socket(int fd) {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  return status(::connect(fd, &none, sizeof none));
}

SysResult<void> listen_socket(int fd, int backlog) { return status(::listen(fd, backlog)); }

int take_socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno : error;
}

SysResult<SocketAddress> local_address(int fd) {
  Native native;
  if (::getsockname(fd, native.raw(), &native.size) != 0) return std::unexpected(errno);
  return address_of(native);
}

SysResult<SocketAddress> remote_address(int fd) {
  Native native;
  if (::getpeername(fd, native.raw(), &native.size) != 0) return std::unexpected(errno);
  return address_of(native);
}

SysResult<ReceivedDatagram> receive_datagram(int fd, std::span<uint8_t> into) {
  Native native;
  const ssize_t n = ::recvfrom(fd, into.data(), into.size(), MSG_DONTWAIT, native.raw(), &native.size);
  if (n < 0) return std::unexpected(errno);
  return ReceivedDatagram{static_cast<size_t>(n), address_of(native)};
}

SysResult<void> send_datagram(int fd, std::span<const uint8_t> bytes, const SocketAddress* to) {
  Native native;
  if (to != nullptr) native = native_of(*to);
  const ssize_t n = ::sendto(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                             to != nullptr ? native.raw() : nullptr, to != nullptr ? native.size : 0);
  if (n < 0) return std::unexpected(errno);
  return {};
}

SysResult<int> socket_option(int fd, SocketOption option, bool v6) {
  const OptionName name = option_name(option, v6);
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd, name.level, name.name, &value, &size) != 0) return std::unexpected(errno);
  // socket(7): the kernel doubles what was set, for its own needs, and says so here.
  return is_buffer(option) ? value / 2 : value;
}

SysResult<void> set_socket_option(int fd, SocketOption option, bool v6, int value) {
  const OptionName name = option_name(option, v6);
  return status(::setsockopt(fd, name.level, name.name, &value, sizeof value));
}

}  // namespace ashlar::os
