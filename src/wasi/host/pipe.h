// Pipes in the host's memory, which stand where a program's standard streams do.
#pragma once

#include <cstddef>
#include <span>

#include "os/file.h"
#include "wasi/host/errno.h"

namespace ashlar::wasi::host {

/// One end, of one direction: the program reads from it or writes to it. Who has the other end wakes the program's
/// waiter (Interrupt::waiter) when it has become ready.
class Pipe {
 public:
  virtual ~Pipe() = default;
  /// Whether a transfer would not have to wait.
  virtual bool ready() const = 0;
  /// What can be read at once; 0 where that is not known, and of the writing end.
  virtual size_t available() const = 0;
  /// What could be moved, 0 at a reader's end. Errors: again when it is not ready; intr when the program is to end;
  /// others, which it sees.
  virtual HostResult<size_t> transfer(std::span<const os::Buffer> buffers) = 0;
};

}  // namespace ashlar::wasi::host
