// Makes the descriptors that a program starts with.
#include "wasi/host/descriptor.h"

namespace ashlar::wasi::host {

HostResult<Descriptor> make_stdio(os::Fd handle, bool for_reading) {
  HOST_ASSIGN(auto info, from_os(os::file_info(handle.raw())));
  HOST_ASSIGN(auto status, from_os(os::status_flags(handle.raw())));
  Descriptor out;
  out.type = file_type_of(info.kind);
  out.may_block = info.kind != os::FileKind::Regular;
  // That somebody else left the shared stream non-blocking is nothing the guest asked for: it sees a blocking one.
  out.flags = status.append ? fd_flag::kAppend : uint16_t{0};
  out.base = (for_reading ? right::fd_read : right::fd_write) | right::fd_filestat_get | right::fd_fdstat_set_flags |
             right::poll_fd_readwrite;
  // C libraries take a character device without these two for a terminal, so the null device must have them.
  const bool seekable = info.kind == os::FileKind::Regular || info.kind == os::FileKind::BlockDevice ||
                        (info.kind == os::FileKind::CharDevice && !os::is_terminal(handle.raw()));
  if (seekable) out.base = out.base.get() | right::fd_seek | right::fd_tell;
  if (info.kind == os::FileKind::Regular) {
    out.base = out.base.get() | right::fd_advise | right::fd_sync | right::fd_datasync;
  }
  out.handle = std::move(handle);
  return out;
}

Descriptor make_pipe(std::shared_ptr<Pipe> pipe, bool for_reading) {
  Descriptor out;
  out.kind = DescriptorKind::Pipe;
  out.pipe = std::move(pipe);
  out.may_block = true;
  out.base = (for_reading ? right::fd_read : right::fd_write) | right::fd_filestat_get | right::fd_fdstat_set_flags |
             right::poll_fd_readwrite;
  return out;
}

HostResult<Descriptor> make_preopen(const std::string& host_path, std::string guest_path, bool read_only,
                                    Resolution resolution) {
  auto handle = os::open_at(os::kWorkingDirectory, host_path.c_str(), os::kOpenRead | os::kOpenDirectory);
  if (!handle) return fail(errno_from_os(handle.error()));
  return make_preopen(std::move(*handle), std::move(guest_path), read_only, resolution);
}

Descriptor make_preopen(os::Fd handle, std::string guest_path, bool read_only, Resolution resolution) {
  Descriptor out;
  out.kind = DescriptorKind::Directory;
  out.type = FileType::Directory;
  out.handle = std::move(handle);
  out.read_only = read_only;
  out.resolution = resolution;
  out.base = right::kDirectory;
  out.inheriting = right::kFileSystem;
  out.preopen = std::move(guest_path);
  return out;
}

Descriptor make_listener(os::Fd handle) {
  Descriptor out;
  out.kind = DescriptorKind::Listener;
  out.type = FileType::SocketStream;
  out.handle = std::move(handle);
  out.may_block = true;
  out.base = right::sock_accept | right::poll_fd_readwrite | right::fd_filestat_get | right::fd_fdstat_set_flags;
  out.inheriting = right::fd_read | right::fd_write | right::sock_shutdown | right::poll_fd_readwrite |
                   right::fd_filestat_get | right::fd_fdstat_set_flags;
  return out;
}

Descriptor make_stream(os::Fd handle, uint16_t flags) {
  Descriptor out;
  out.kind = DescriptorKind::Stream;
  out.type = FileType::SocketStream;
  out.handle = std::move(handle);
  out.may_block = true;
  out.flags = flags;
  out.base = right::fd_read | right::fd_write | right::sock_shutdown | right::poll_fd_readwrite |
             right::fd_filestat_get | right::fd_fdstat_set_flags;
  return out;
}

}  // namespace ashlar::wasi::host
