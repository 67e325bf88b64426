// The fd_* functions.
#include <algorithm>
#include <mutex>

#include "wasi/p1/functions.h"
#include "wasi/p1/layout.h"

namespace ashlar::wasi::p1 {
namespace {

/// Looks the descriptor up and hands it to `work`, which returns a HostStatus.
template <class Work>
Errno with_fd(Context& ctx, uint32_t fd, Work work) {
  auto found = ctx.fds().get(fd);
  if (!found) return found.error();
  return to_errno(work(**found));
}

/// A vectored transfer: `work` moves the buffers' bytes and returns how many.
template <class Work>
Errno transfer(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t size_ptr,
               Work work) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    HOST_TRY(mem.require(size_ptr, 4));
    Iovecs iovecs;
    HOST_TRY(iovecs.read(mem, iovs_ptr, iovs_count));
    HOST_ASSIGN(const size_t moved, work(file, iovecs.buffers()));
    // The kernel moves less than 2 GiB in one call.
    return mem.store<uint32_t>(size_ptr, static_cast<uint32_t>(moved));
  });
}

Errno seek(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, os::Whence whence, uint32_t position_ptr) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    HOST_TRY(mem.require(position_ptr, 8));
    HOST_ASSIGN(const uint64_t position, host::seek(file, static_cast<int64_t>(offset), whence));
    return mem.store<uint64_t>(position_ptr, position);
  });
}

HostStatus list_entries(host::Descriptor& dir, std::span<uint8_t> buffer, uint64_t cookie, uint32_t& used) {
  used = 0;
  HOST_TRY(host::seek_entries(dir, cookie));
  // An entry that does not fit is cut off; a full buffer tells the guest that there is more.
  const auto append = [&](std::span<const uint8_t> from) {
    const size_t n = std::min(from.size(), buffer.size() - used);
    std::copy_n(from.begin(), n, buffer.begin() + used);
    used += static_cast<uint32_t>(n);
  };
  while (used < buffer.size()) {
    HOST_ASSIGN(auto entry, host::next_entry(dir));
    if (!entry) break;
    append(dirent_record(*entry).bytes());
    append(std::span(reinterpret_cast<const uint8_t*>(entry->name.data()), entry->name.size()));
  }
  return {};
}

}  // namespace

namespace fn {

Errno fd_advise(Context& ctx, GuestMemory, uint32_t fd, uint64_t offset, uint64_t length, uint32_t advice) {
  constexpr os::Advice kAdvice[] = {os::Advice::Normal,   os::Advice::Sequential, os::Advice::Random,
                                    os::Advice::WillNeed, os::Advice::DontNeed,   os::Advice::NoReuse};
  if (advice >= std::size(kAdvice)) return Errno::inval;
  return with_fd(ctx, fd, [&](host::Descriptor& file) { return host::advise(file, offset, length, kAdvice[advice]); });
}

Errno fd_allocate(Context& ctx, GuestMemory, uint32_t fd, uint64_t offset, uint64_t length) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) { return host::allocate(file, offset, length); });
}

Errno fd_close(Context& ctx, GuestMemory, uint32_t fd) { return to_errno(ctx.fds().close(fd)); }

Errno fd_datasync(Context& ctx, GuestMemory, uint32_t fd) {
  return with_fd(ctx, fd, [](host::Descriptor& file) { return host::sync(file, true); });
}

Errno fd_sync(Context& ctx, GuestMemory, uint32_t fd) {
  return with_fd(ctx, fd, [](host::Descriptor& file) { return host::sync(file, false); });
}

Errno fd_fdstat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t stat_ptr) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) { return mem.write(stat_ptr, fdstat_record(file).bytes()); });
}

Errno fd_fdstat_set_flags(Context& ctx, GuestMemory, uint32_t fd, uint32_t flags) {
  if ((flags & ~uint32_t{host::fd_flag::kAll}) != 0) return Errno::inval;
  return with_fd(ctx, fd, [&](host::Descriptor& file) { return host::set_flags(file, static_cast<uint16_t>(flags)); });
}

Errno fd_fdstat_set_rights(Context& ctx, GuestMemory, uint32_t fd, uint64_t base, uint64_t inheriting) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) {
    return host::set_rights(file, host::Rights{base}, host::Rights{inheriting});
  });
}

Errno fd_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t stat_ptr) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    HOST_ASSIGN(auto stat, host::stat(file));
    return mem.write(stat_ptr, filestat_record(stat).bytes());
  });
}

Errno fd_filestat_set_size(Context& ctx, GuestMemory, uint32_t fd, uint64_t size) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) { return host::set_size(file, size); });
}

Errno fd_filestat_set_times(Context& ctx, GuestMemory, uint32_t fd, uint64_t accessed, uint64_t modified,
                            uint32_t fst_flags) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    HOST_ASSIGN(auto changes, parse_time_changes(accessed, modified, fst_flags));
    return host::set_times(file, changes.accessed, changes.modified);
  });
}

Errno fd_read(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t size_ptr) {
  return transfer(ctx, mem, fd, iovs_ptr, iovs_count, size_ptr, [&](host::Descriptor& file, host::Buffers buffers) {
    return host::read(file, buffers, ctx.interrupt());
  });
}

Errno fd_write(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t size_ptr) {
  return transfer(ctx, mem, fd, iovs_ptr, iovs_count, size_ptr, [&](host::Descriptor& file, host::Buffers buffers) {
    return host::write(file, buffers, ctx.interrupt());
  });
}

Errno fd_pread(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint64_t offset,
               uint32_t size_ptr) {
  return transfer(ctx, mem, fd, iovs_ptr, iovs_count, size_ptr,
                  [&](host::Descriptor& file, host::Buffers buffers) { return host::read_at(file, buffers, offset); });
}

Errno fd_pwrite(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint64_t offset,
                uint32_t size_ptr) {
  return transfer(ctx, mem, fd, iovs_ptr, iovs_count, size_ptr,
                  [&](host::Descriptor& file, host::Buffers buffers) { return host::write_at(file, buffers, offset); });
}

Errno fd_prestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t prestat_ptr) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    // Also for sockets: C libraries look for granted directories until this error.
    if (!file.preopen) return host::fail(Errno::badf);
    Record<kPrestatSize> out;
    out.put(4, static_cast<uint32_t>(file.preopen->size()));
    return mem.write(prestat_ptr, out.bytes());
  });
}

Errno fd_prestat_dir_name(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    if (!file.preopen) return host::fail(Errno::badf);
    const std::string& name = *file.preopen;
    if (path_size < name.size()) return host::fail(Errno::nametoolong);
    return mem.write(path_ptr, std::span(reinterpret_cast<const uint8_t*>(name.data()), name.size()));
  });
}

Errno fd_readdir(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t buffer_ptr, uint32_t buffer_size, uint64_t cookie,
                 uint32_t size_ptr) {
  return with_fd(ctx, fd, [&](host::Descriptor& dir) -> HostStatus {
    HOST_TRY(mem.require(size_ptr, 4));
    HOST_ASSIGN(auto buffer, mem.bytes(buffer_ptr, buffer_size));
    uint32_t used = 0;
    const std::lock_guard turn(dir.turns.mutex);
    HOST_TRY(list_entries(dir, buffer, cookie, used));
    return mem.store<uint32_t>(size_ptr, used);
  });
}

Errno fd_renumber(Context& ctx, GuestMemory, uint32_t from, uint32_t to) {
  return to_errno(ctx.fds().renumber(from, to));
}

Errno fd_seek(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position_ptr) {
  constexpr os::Whence kWhence[] = {os::Whence::Set, os::Whence::Current, os::Whence::End};
  if (whence >= std::size(kWhence)) return Errno::inval;
  return seek(ctx, mem, fd, offset, kWhence[whence], position_ptr);
}

Errno fd_tell(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t position_ptr) {
  return seek(ctx, mem, fd, 0, os::Whence::Current, position_ptr);
}

}  // namespace fn

namespace unstable {

Errno fd_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t stat_ptr) {
  return with_fd(ctx, fd, [&](host::Descriptor& file) -> HostStatus {
    HOST_ASSIGN(auto stat, host::stat(file));
    return mem.write(stat_ptr, unstable_filestat_record(stat).bytes());
  });
}

Errno fd_seek(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position_ptr) {
  constexpr os::Whence kWhence[] = {os::Whence::Current, os::Whence::End, os::Whence::Set};
  if (whence >= std::size(kWhence)) return Errno::inval;
  return seek(ctx, mem, fd, offset, kWhence[whence], position_ptr);
}

}  // namespace unstable
}  // namespace ashlar::wasi::p1
