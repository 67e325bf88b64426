// The sock_* functions.
#include "wasi/host/sockets.h"

#include "wasi/p1/functions.h"
#include "wasi/p1/layout.h"

namespace ashlar::wasi::p1::fn {
namespace {

constexpr uint32_t kPeek = 1;
constexpr uint32_t kWaitAll = 2;
constexpr uint16_t kDataTruncated = 1;
constexpr uint32_t kShutRead = 1;
constexpr uint32_t kShutWrite = 2;

HostStatus accept(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t flags, uint32_t accepted_ptr) {
  HOST_ASSIGN(const host::DescriptorRef listener, ctx.fds().get(fd));
  HOST_TRY(mem.require(accepted_ptr, 4));
  if ((flags & ~uint32_t{host::fd_flag::kNonblock}) != 0) return host::fail(Errno::inval);
  HOST_ASSIGN(auto stream, host::accept(*listener, static_cast<uint16_t>(flags), ctx.interrupt()));
  HOST_ASSIGN(const uint32_t accepted, ctx.fds().insert(std::move(stream)));
  return mem.store<uint32_t>(accepted_ptr, accepted);
}

HostStatus receive(Context& ctx, GuestMemory mem, uint32_t fd, const Iovecs& iovecs, uint32_t ri_flags,
                   uint32_t size_ptr, uint32_t ro_flags_ptr) {
  HOST_ASSIGN(const host::DescriptorRef stream, ctx.fds().get(fd));
  HOST_TRY(mem.require(size_ptr, 4));
  HOST_TRY(mem.require(ro_flags_ptr, 2));
  if ((ri_flags & ~(kPeek | kWaitAll)) != 0) return host::fail(Errno::inval);
  HOST_ASSIGN(auto got, host::receive(*stream, iovecs.buffers(), (ri_flags & kPeek) != 0, (ri_flags & kWaitAll) != 0,
                                      ctx.interrupt()));
  HOST_TRY(mem.store<uint32_t>(size_ptr, static_cast<uint32_t>(got.size)));
  return mem.store<uint16_t>(ro_flags_ptr, got.truncated ? kDataTruncated : uint16_t{0});
}

HostStatus send(Context& ctx, GuestMemory mem, uint32_t fd, const Iovecs& iovecs, uint32_t si_flags,
                uint32_t size_ptr) {
  HOST_ASSIGN(const host::DescriptorRef stream, ctx.fds().get(fd));
  HOST_TRY(mem.require(size_ptr, 4));
  if (si_flags != 0) return host::fail(Errno::inval);
  HOST_ASSIGN(const size_t sent, host::send(*stream, iovecs.buffers(), ctx.interrupt()));
  return mem.store<uint32_t>(size_ptr, static_cast<uint32_t>(sent));
}

}  // namespace

Errno sock_accept(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t flags, uint32_t accepted_ptr) {
  return to_errno(accept(ctx, mem, fd, flags, accepted_ptr));
}

Errno sock_recv(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t ri_flags,
                uint32_t size_ptr, uint32_t ro_flags_ptr) {
  Iovecs iovecs;
  if (auto read = iovecs.read(mem, iovs_ptr, iovs_count); !read) return read.error();
  return to_errno(receive(ctx, mem, fd, iovecs, ri_flags, size_ptr, ro_flags_ptr));
}

Errno sock_send(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t si_flags,
                uint32_t size_ptr) {
  Iovecs iovecs;
  if (auto read = iovecs.read(mem, iovs_ptr, iovs_count); !read) return read.error();
  return to_errno(send(ctx, mem, fd, iovecs, si_flags, size_ptr));
}

Errno sock_shutdown(Context& ctx, GuestMemory, uint32_t fd, uint32_t how) {
  auto stream = ctx.fds().get(fd);
  if (!stream) return stream.error();
  if ((how & ~(kShutRead | kShutWrite)) != 0) return Errno::inval;
  return to_errno(host::shut_down(**stream, (how & kShutRead) != 0, (how & kShutWrite) != 0));
}

}  // namespace ashlar::wasi::p1::fn
