// What can be done with an open descriptor: transfer, position, size, times, flags, rights.
#pragma once

#include <span>

#include "wasi/host/descriptor.h"
#include "wasi/host/interrupt.h"

namespace ashlar::wasi::host {

// Rights are checked here. A directory gives isdir where only files make sense.

using Buffers = std::span<const os::Buffer>;

/// Bytes read; 0 at the end. Blocks unless the descriptor is non-blocking (again), ends early with intr.
HostResult<size_t> read(Descriptor& file, Buffers buffers, Interrupt& interrupt);
HostResult<size_t> write(Descriptor& file, Buffers buffers, Interrupt& interrupt);
HostResult<size_t> read_at(Descriptor& file, Buffers buffers, uint64_t offset);
HostResult<size_t> write_at(Descriptor& file, Buffers buffers, uint64_t offset);

/// The new position. Asking for it needs no more than the right to tell.
HostResult<uint64_t> seek(Descriptor& file, int64_t offset, os::Whence whence);
HostStatus sync(Descriptor& file, bool data_only);
HostStatus allocate(Descriptor& file, uint64_t offset, uint64_t length);
HostStatus advise(Descriptor& file, uint64_t offset, uint64_t length, os::Advice advice);

HostResult<FileStat> stat(Descriptor& file);
HostStatus set_size(Descriptor& file, uint64_t size);
HostStatus set_times(Descriptor& file, os::TimeChange accessed, os::TimeChange modified);

/// Append and non-blocking can change; notsup for the others, which are fixed when a file is opened.
HostStatus set_flags(Descriptor& file, uint16_t flags);
/// Rights can only be given up; notcapable for one that is not there.
HostStatus set_rights(Descriptor& file, Rights base, Rights inheriting);

}  // namespace ashlar::wasi::host
