// Descriptors: the open things a guest can name, each with its rights, and how the first ones are made.
#pragma once

#include <optional>
#include <string>

#include "os/file.h"
#include "os/file_dir.h"
#include "wasi/host/errno.h"
#include "wasi/host/rights.h"
#include "wasi/host/types.h"

namespace ashlar::wasi::host {

/// How paths are kept beneath their directory.
enum class Resolution : uint8_t {
  Kernel,     ///< openat2 where the kernel has it, else as UserSpace
  UserSpace,  ///< component by component
};

enum class DescriptorKind : uint8_t { File, Directory, Listener, Stream };

/// An open file, directory or socket. Handles made here are non-blocking at the operating system's side wherever that
/// means anything; blocking is done by waiting, so that it can be interrupted. Standard streams are shared with other
/// processes, so their status flags are left as they are.
struct Descriptor {
  DescriptorKind kind = DescriptorKind::File;
  os::Fd handle;
  FileType type = FileType::Unknown;
  bool may_block = false;  ///< not a regular file or directory
  bool read_only = false;  ///< from a read-only grant: nothing beneath may change, whatever the rights say
  uint16_t flags = 0;      ///< fd_flag::*, as the guest sees them
  Resolution resolution = Resolution::Kernel;
  Rights base;
  Rights inheriting;
  std::optional<std::string> preopen;  ///< the guest's name of a granted directory
  std::optional<os::DirectoryReader> reader;

  bool is_directory() const { return kind == DescriptorKind::Directory; }
  bool nonblocking() const { return (flags & fd_flag::kNonblock) != 0; }
  /// notcapable unless all of `needed` are there.
  HostStatus require(Rights needed) const {
    if (!base.has(needed)) return fail(Errno::notcapable);
    return {};
  }
};

/// For standard stream `handle`: readable or writable, never both.
HostResult<Descriptor> make_stdio(os::Fd handle, bool for_reading);
/// A granted directory, known to the guest as `guest_path`.
HostResult<Descriptor> make_preopen(const std::string& host_path, std::string guest_path, bool read_only,
                                    Resolution resolution);
/// A listening socket.
Descriptor make_listener(os::Fd handle);
/// An accepted connection.
Descriptor make_stream(os::Fd handle, uint16_t flags);

}  // namespace ashlar::wasi::host
