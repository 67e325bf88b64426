// BSD sockets.
#include "os/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace ashlar::os {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> parse_address(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;

  Address out;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::string name(host.substr(1, host.size() - 2));
    if (::inet_pton(AF_INET6, name.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
    out.size = sizeof *v6;
    return out;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  std::string name(host == "localhost" ? "127.0.0.1" : host);
  if (::inet_pton(AF_INET, name.c_str(), &v4->sin_addr) != 1) return std::nullopt;
  out.size = sizeof *v4;
  return out;
}

struct Message {
  explicit Message(std::span<const Buffer> buffers) {
    size_t count = std::min(buffers.size(), kMaxBuffers);
    for (size_t i = 0; i < count; ++i) list[i] = {buffers[i].data, buffers[i].size};
    header.msg_iov = list.data();
    header.msg_iovlen = count;
  }
  std::array<iovec, kMaxBuffers> list;
  msghdr header{};
};

}  // namespace

SysResult<Fd> listen_tcp(std::string_view address) {
  auto parsed = parse_address(address);
  if (!parsed) return std::unexpected(EINVAL);
  Fd fd = Fd::own(::socket(parsed->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return std::unexpected(errno);
  int on = 1;
  ::setsockopt(fd.raw(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.raw(), reinterpret_cast<const sockaddr*>(&parsed->storage), parsed->size) != 0) {
    return std::unexpected(errno);
  }
  if (::listen(fd.raw(), SOMAXCONN) != 0) return std::unexpected(errno);
  return fd;
}

SysResult<uint16_t> local_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::unexpected(errno);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

SysResult<Fd> accept_connection(int fd) {
  int accepted = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted < 0) return std::unexpected(errno);
  return Fd::own(accepted);
}

SysResult<Received> receive(int fd, std::span<const Buffer> buffers, bool peek) {
  Message message(buffers);
  ssize_t n = ::recvmsg(fd, &message.header, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
  if (n < 0) return std::unexpected(errno);
  return Received{static_cast<size_t>(n), (message.header.msg_flags & MSG_TRUNC) != 0};
}

SysResult<size_t> send(int fd, std::span<const Buffer> buffers) {
  Message message(buffers);
  ssize_t n = ::sendmsg(fd, &message.header, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0) return std::unexpected(errno);
  return static_cast<size_t>(n);
}

SysResult<void> shut_down(int fd, bool reading, bool writing) {
  int how = reading && writing ? SHUT_RDWR : reading ? SHUT_RD : SHUT_WR;
  if (::shutdown(fd, how) != 0) return std::unexpected(errno);
  return {};
}

bool is_listening(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

}  // namespace ashlar::os
