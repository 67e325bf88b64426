// Operations on open descriptors; blocking is waiting in slices.
#include "wasi/host/files.h"

#include <algorithm>
#include <cerrno>

#include "os/socket.h"

namespace ashlar::wasi::host {
namespace {

HostStatus require_file(const Descriptor& file, Rights needed) {
  if (file.is_directory()) return fail(Errno::isdir);
  return file.require(needed);
}

/// With a hook set, a write must not block inside the kernel: this much always fits once a pipe or terminal is ready.
constexpr size_t kInterruptibleWrite = 4096;

os::SysResult<size_t> transfer(const Descriptor& file, Buffers buffers, bool writing) {
  const int handle = file.handle.raw();
  if (file.kind == DescriptorKind::Stream) {
    if (writing) return os::send(handle, buffers);
    auto received = os::receive(handle, buffers, false);
    if (!received) return std::unexpected(received.error());
    return received->size;
  }
  return writing ? os::write_from(handle, buffers) : os::read_into(handle, buffers);
}

/// Waits for a handle that blocks in the kernel and takes the turn: until it is given back no other thread of the
/// program takes away what was waited for.
HostStatus wait_for_turn(Descriptor& file, std::unique_lock<std::mutex>& turn, bool writing, Interrupt& interrupt) {
  for (;;) {
    const uint32_t before = file.turns.transfers.load(std::memory_order_relaxed);
    HOST_TRY(wait_until_ready(file.handle.raw(), writing, interrupt));
    turn.lock();
    if (file.turns.transfers.load(std::memory_order_relaxed) == before) return {};
    turn.unlock();
  }
}

/// Transfers on what may block. Handles opened here answer EAGAIN; borrowed ones may block in the kernel, so they are
/// waited for first when that must not happen.
HostResult<size_t> transfer_waiting(Descriptor& file, Buffers buffers, bool writing, Interrupt& interrupt) {
  const int handle = file.handle.raw();
  os::Buffer first;
  std::unique_lock turn(file.turns.mutex, std::defer_lock);
  if (!file.handle.owned()) {
    if (file.nonblocking()) {
      turn.lock();
      if (!ready_now(handle, writing)) return fail(Errno::again);
    } else if (interrupt.armed()) {
      HOST_TRY(wait_for_turn(file, turn, writing, interrupt));
    }
    if (turn.owns_lock()) file.turns.transfers.fetch_add(1, std::memory_order_relaxed);
    if (writing && interrupt.armed() && !buffers.empty()) {
      first = {buffers[0].data, std::min(buffers[0].size, kInterruptibleWrite)};
      buffers = std::span(&first, 1);
    }
  }
  for (;;) {
    auto n = transfer(file, buffers, writing);
    if (n) return *n;
    if (n.error() == EINTR) {
      if (interrupt.requested()) return fail(Errno::intr);
    } else if (n.error() == EAGAIN && !file.nonblocking()) {
      HOST_TRY(wait_until_ready(handle, writing, interrupt));
    } else {
      return fail(errno_from_os(n.error()));
    }
  }
}

HostResult<size_t> transfer_pipe(Descriptor& file, Buffers buffers, Interrupt& interrupt) {
  for (;;) {
    auto n = file.pipe->transfer(buffers);
    if (!n && n.error() == Errno::intr) return interrupt.fire();
    if (n || n.error() != Errno::again || file.nonblocking()) return n;
    HOST_TRY(interrupt.wait({}, std::nullopt));
  }
}

HostResult<size_t> move_bytes(Descriptor& file, Buffers buffers, bool writing, Interrupt& interrupt) {
  HOST_TRY(require_file(file, writing ? right::fd_write : right::fd_read));
  if (file.pipe) return transfer_pipe(file, buffers, interrupt);
  if (file.may_block) return transfer_waiting(file, buffers, writing, interrupt);
  for (;;) {
    auto n = transfer(file, buffers, writing);
    if (n || n.error() != EINTR) return from_os(n);
    if (interrupt.requested()) return fail(Errno::intr);
  }
}

bool can_seek(const Descriptor& file) {
  return file.type == FileType::RegularFile || file.type == FileType::BlockDevice ||
         file.type == FileType::CharacterDevice;
}

HostStatus require_seekable(const Descriptor& file, Rights needed) {
  if (file.is_directory()) return fail(Errno::isdir);
  if (!can_seek(file)) return fail(Errno::spipe);
  return file.require(needed);
}

HostStatus require_writable(const Descriptor& file) {
  if (file.read_only) return fail(Errno::rofs);
  return {};
}

}  // namespace

HostResult<size_t> read(Descriptor& file, Buffers buffers, Interrupt& interrupt) {
  return move_bytes(file, buffers, false, interrupt);
}

HostResult<size_t> write(Descriptor& file, Buffers buffers, Interrupt& interrupt) {
  return move_bytes(file, buffers, true, interrupt);
}

HostResult<size_t> read_at(Descriptor& file, Buffers buffers, uint64_t offset) {
  HOST_TRY(require_seekable(file, right::fd_read));
  return from_os(os::read_into_at(file.handle.raw(), buffers, offset));
}

HostResult<size_t> write_at(Descriptor& file, Buffers buffers, uint64_t offset) {
  HOST_TRY(require_seekable(file, right::fd_write));
  return from_os(os::write_from_at(file.handle.raw(), buffers, offset));
}

HostResult<uint64_t> seek(Descriptor& file, int64_t offset, os::Whence whence) {
  const bool tells = offset == 0 && whence == os::Whence::Current;
  if (tells && file.base.get().any(right::fd_seek)) {
    HOST_TRY(require_seekable(file, right::kNone));
  } else {
    HOST_TRY(require_seekable(file, tells ? right::fd_tell : right::fd_seek));
  }
  return from_os(os::seek_file(file.handle.raw(), offset, whence));
}

HostStatus sync(Descriptor& file, bool data_only) {
  HOST_TRY(file.require(data_only ? right::fd_datasync : right::fd_sync));
  return from_os(os::sync_file(file.handle.raw(), data_only));
}

HostStatus allocate(Descriptor& file, uint64_t offset, uint64_t length) {
  HOST_TRY(require_file(file, right::fd_allocate));
  HOST_TRY(require_writable(file));
  return from_os(os::allocate_file(file.handle.raw(), offset, length));
}

HostStatus advise(Descriptor& file, uint64_t offset, uint64_t length, os::Advice advice) {
  HOST_TRY(require_seekable(file, right::fd_advise));
  return from_os(os::advise_file(file.handle.raw(), offset, length, advice));
}

HostResult<FileStat> stat(Descriptor& file) {
  HOST_TRY(file.require(right::fd_filestat_get));
  if (file.pipe) return FileStat{.type = file.type};
  HOST_ASSIGN(auto info, from_os(os::file_info(file.handle.raw())));
  return file_stat_of(info);
}

HostStatus set_size(Descriptor& file, uint64_t size) {
  HOST_TRY(require_file(file, right::fd_filestat_set_size));
  HOST_TRY(require_writable(file));
  return from_os(os::set_file_size(file.handle.raw(), size));
}

HostStatus set_times(Descriptor& file, os::TimeChange accessed, os::TimeChange modified) {
  HOST_TRY(file.require(right::fd_filestat_set_times));
  HOST_TRY(require_writable(file));
  return from_os(os::set_file_times(file.handle.raw(), accessed, modified));
}

HostStatus set_flags(Descriptor& file, uint16_t flags) {
  if ((flags & ~fd_flag::kAll) != 0) return fail(Errno::inval);
  HOST_TRY(file.require(right::fd_fdstat_set_flags));
  if (file.is_directory()) {
    if ((flags & ~fd_flag::kNonblock) != 0) return fail(Errno::inval);
    return {};
  }
  const std::lock_guard turn(file.turns.mutex);
  const int changed = flags ^ file.flags.get();
  if ((changed & (fd_flag::kDsync | fd_flag::kRsync | fd_flag::kSync)) != 0) return fail(Errno::notsup);
  if ((changed & fd_flag::kAppend) != 0) {
    if (file.pipe || !file.handle.owned()) return fail(Errno::notsup);  // would change it for other processes
    HOST_ASSIGN(auto now, from_os(os::status_flags(file.handle.raw())));
    HOST_TRY(from_os(os::set_status_flags(file.handle.raw(), (flags & fd_flag::kAppend) != 0, now.nonblock)));
  }
  file.flags = flags;
  return {};
}

HostStatus set_rights(Descriptor& file, Rights base, Rights inheriting) {
  const std::lock_guard turn(file.turns.mutex);
  if (!file.base.get().has(base) || !file.inheriting.get().has(inheriting)) return fail(Errno::notcapable);
  file.base = base;
  file.inheriting = inheriting;
  return {};
}

}  // namespace ashlar::wasi::host
