// Sockets that were granted as listeners, and the connections accepted from them.
#pragma once

#include "wasi/host/files.h"

namespace ashlar::wasi::host {

// notsock for a descriptor that is no socket, then rights.

/// The next connection; waits for it unless the listener is non-blocking. `flags`: fd_flag::kNonblock or 0.
HostResult<Descriptor> accept(Descriptor& listener, uint16_t flags, Interrupt& interrupt);

struct Received {
  size_t size = 0;
  bool truncated = false;
};
/// `wait_all` fills the buffers, unless the connection ends before.
HostResult<Received> receive(Descriptor& stream, Buffers buffers, bool peek, bool wait_all, Interrupt& interrupt);
HostResult<size_t> send(Descriptor& stream, Buffers buffers, Interrupt& interrupt);
HostStatus shut_down(Descriptor& stream, bool reading, bool writing);

}  // namespace ashlar::wasi::host
