// Descriptors: the open things a guest can name, each with its rights, and how the first ones are made.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "os/file.h"
#include "os/file_dir.h"
#include "wasi/host/errno.h"
#include "wasi/host/pipe.h"
#include "wasi/host/quota.h"
#include "wasi/host/rights.h"
#include "wasi/host/types.h"

namespace ashlar::wasi::host {

/// How paths are kept beneath their directory.
enum class Resolution : uint8_t {
  Kernel,     ///< openat2 where the kernel has it, else as UserSpace
  UserSpace,  ///< component by component
};

enum class DescriptorKind : uint8_t { File, Directory, Listener, Stream, Pipe };

/// A value that some threads read while others set it. Copied only where no other thread has it.
template <class T>
class Shared {
 public:
  Shared(T value = {}) : value_(value) {}
  Shared(const Shared& other) : value_(other.get()) {}
  Shared& operator=(const Shared& other) { return *this = other.get(); }
  Shared& operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  T get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_;
};

/// What threads of a program that use one descriptor take turns with. A moved descriptor is nobody's yet, or nobody's
/// any more.
struct Turns {
  Turns() = default;
  Turns(Turns&&) noexcept {}
  Turns& operator=(Turns&&) noexcept { return *this; }
  std::mutex mutex;
  std::atomic<uint32_t> transfers{0};  ///< how many there were, where they take turns
};

/// An open file, directory or socket. Several threads may use one at the same time. Handles made here are non-blocking
/// at the operating system's side wherever that means anything; blocking is done by waiting, so that it can be
/// interrupted. Standard streams are shared with other processes, so their status flags are left as they are.
struct Descriptor {
  DescriptorKind kind = DescriptorKind::File;
  os::Fd handle;               ///< none of a pipe
  std::shared_ptr<Pipe> pipe;  ///< of a pipe
  FileType type = FileType::Unknown;
  bool may_block = false;  ///< not a regular file or directory
  bool read_only = false;  ///< from a read-only grant: nothing beneath may change, whatever the rights say
  Shared<uint16_t> flags;  ///< fd_flag::*, as the guest sees them
  Resolution resolution = Resolution::Kernel;
  Shared<Rights> base;
  Shared<Rights> inheriting;
  std::optional<std::string> preopen;         ///< the guest's name of a granted directory
  std::optional<os::DirectoryReader> reader;  ///< under turns.mutex
  Turns turns;
  // Of the program's quota: the descriptor's own, and its reader's.
  Share share;
  Share reader_share;

  bool is_directory() const { return kind == DescriptorKind::Directory; }
  bool nonblocking() const { return (flags.get() & fd_flag::kNonblock) != 0; }
  /// notcapable unless all of `needed` are there.
  HostStatus require(Rights needed) const {
    if (!base.get().has(needed)) return fail(Errno::notcapable);
    return {};
  }
};

/// For standard stream `handle`: readable or writable, never both.
HostResult<Descriptor> make_stdio(os::Fd handle, bool for_reading);
/// A standard stream that is a pipe of the host's. Only for programs with a waiter.
Descriptor make_pipe(std::shared_ptr<Pipe> pipe, bool for_reading);
/// A granted directory, known to the guest as `guest_path`.
HostResult<Descriptor> make_preopen(const std::string& host_path, std::string guest_path, bool read_only,
                                    Resolution resolution);
/// The same of a handle.
Descriptor make_preopen(os::Fd handle, std::string guest_path, bool read_only, Resolution resolution);
/// A listening socket.
Descriptor make_listener(os::Fd handle);
/// An accepted connection.
Descriptor make_stream(os::Fd handle, uint16_t flags);

}  // namespace ashlar::wasi::host
