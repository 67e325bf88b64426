// Stream sockets: listening addresses, accepting, sending and receiving without blocking signals.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "os/file.h"

namespace ashlar::os {

/// A non-blocking listening TCP socket on "127.0.0.1:8080", "[::1]:8080" or "localhost:8080"; port 0 lets the system
/// choose. EINVAL when the text is no such address (names are not looked up).
SysResult<Fd> listen_tcp(std::string_view address);
/// The port a socket is bound to.
SysResult<uint16_t> local_port(int fd);
/// The next connection, non-blocking; EAGAIN when there is none yet.
SysResult<Fd> accept_connection(int fd);

struct Received {
  size_t size;
  bool truncated;
};
/// EAGAIN when nothing is there.
SysResult<Received> receive(int fd, std::span<const Buffer> buffers, bool peek);
/// Never raises SIGPIPE; EAGAIN when the peer takes nothing.
SysResult<size_t> send(int fd, std::span<const Buffer> buffers);
SysResult<void> shut_down(int fd, bool reading, bool writing);
/// True for a socket that listens.
bool is_listening(int fd);

}  // namespace ashlar::os
