// Socket operations; like files, they wait in slices.
#include "wasi/host/sockets.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "os/socket.h"

namespace ashlar::wasi::host {
namespace {

HostStatus require_stream(const Descriptor& stream, Rights needed) {
  if (stream.kind != DescriptorKind::Stream) {
    return fail(stream.kind == DescriptorKind::Listener ? Errno::notconn : Errno::notsock);
  }
  return stream.require(needed);
}

/// What is left of `buffers` behind the first `done` bytes.
std::vector<os::Buffer> behind(Buffers buffers, size_t done) {
  std::vector<os::Buffer> rest;
  for (const os::Buffer& buffer : buffers) {
    const size_t skip = std::min(done, buffer.size);
    done -= skip;
    if (buffer.size > skip) rest.push_back({static_cast<char*>(buffer.data) + skip, buffer.size - skip});
  }
  return rest;
}

}  // namespace

HostResult<Descriptor> accept(Descriptor& listener, uint16_t flags, Interrupt& interrupt) {
  if (listener.kind != DescriptorKind::Listener) {
    return fail(listener.kind == DescriptorKind::Stream ? Errno::inval : Errno::notsock);
  }
  HOST_TRY(listener.require(right::sock_accept));
  if ((flags & ~fd_flag::kNonblock) != 0) return fail(Errno::inval);
  for (;;) {
    auto handle = os::accept_connection(listener.handle.raw());
    if (handle) {
      Descriptor out = make_stream(std::move(*handle), flags);
      out.base = out.base.get() & listener.inheriting.get();
      return out;
    }
    // A connection that went away before it was accepted is not the guest's error.
    if (handle.error() == EINTR || handle.error() == ECONNABORTED) {
      if (interrupt.requested()) return fail(Errno::intr);
    } else if (handle.error() == EAGAIN && !listener.nonblocking()) {
      HOST_TRY(wait_until_ready(listener.handle.raw(), false, interrupt));
    } else {
      return fail(errno_from_os(handle.error()));
    }
  }
}

HostResult<Received> receive(Descriptor& stream, Buffers buffers, bool peek, bool wait_all, Interrupt& interrupt) {
  HOST_TRY(require_stream(stream, right::fd_read));
  size_t wanted = 0;
  for (const os::Buffer& buffer : buffers) wanted += buffer.size;
  wanted = std::min<size_t>(wanted, INT32_MAX);  // buffers may overlap; the guest's count has 32 bits
  if (peek) wait_all = false;                    // peeking again would show the same bytes again
  Received out;
  std::vector<os::Buffer> rest;
  for (;;) {
    auto got = os::receive(stream.handle.raw(), out.size == 0 ? buffers : Buffers(rest), peek);
    if (got) {
      out.size += got->size;
      out.truncated |= got->truncated;
      if (!wait_all || got->size == 0 || out.size >= wanted) return out;
      rest = behind(buffers, out.size);
    } else if (got.error() == EINTR) {
      if (interrupt.requested()) return fail(Errno::intr);
    } else if (got.error() == EAGAIN && !stream.nonblocking()) {
      HOST_TRY(wait_until_ready(stream.handle.raw(), false, interrupt));
    } else if (out.size != 0) {
      return out;
    } else {
      return fail(errno_from_os(got.error()));
    }
  }
}

HostResult<size_t> send(Descriptor& stream, Buffers buffers, Interrupt& interrupt) {
  HOST_TRY(require_stream(stream, right::fd_write));
  return write(stream, buffers, interrupt);
}

HostStatus shut_down(Descriptor& stream, bool reading, bool writing) {
  HOST_TRY(require_stream(stream, right::sock_shutdown));
  if (!reading && !writing) return fail(Errno::inval);
  return from_os(os::shut_down(stream.handle.raw(), reading, writing));
}

}  // namespace ashlar::wasi::host
