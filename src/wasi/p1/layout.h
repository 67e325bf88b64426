// Layouts of preview 1's structures in guest memory, in both versions where they differ.
#pragma once

#include <array>
#include <span>

#include "wasi/host/dirs.h"
#include "wasi/host/files.h"
#include "wasi/host/poll.h"
#include "wasi/p1/guest_memory.h"

namespace ashlar::wasi::p1 {

/// An Errno function's body as a HostStatus function's.
inline Errno to_errno(const HostStatus& status) { return status ? Errno::success : status.error(); }

//  fdstat:  0 filetype u8 | 2 flags u16 | 8 base u64 | 16 inheriting u64
inline constexpr size_t kFdstatSize = 24;
Record<kFdstatSize> fdstat_record(const host::Descriptor& descriptor);

//  filestat, snapshot:  0 dev | 8 ino | 16 filetype u8 | 24 nlink u64 | 32 size | 40 atim | 48 mtim | 56 ctim
inline constexpr size_t kFilestatSize = 64;
Record<kFilestatSize> filestat_record(const host::FileStat& stat);
//  filestat, unstable:  0 dev | 8 ino | 16 filetype u8 | 20 nlink u32 | 24 size | 32 atim | 40 mtim | 48 ctim
inline constexpr size_t kUnstableFilestatSize = 56;
Record<kUnstableFilestatSize> unstable_filestat_record(const host::FileStat& stat);

//  dirent:  0 next u64 | 8 ino u64 | 16 name length u32 | 20 filetype u8;  the name follows
inline constexpr size_t kDirentSize = 24;
Record<kDirentSize> dirent_record(const host::ListedEntry& entry);

//  prestat:  0 tag u8 (0: directory) | 4 name length u32
inline constexpr size_t kPrestatSize = 8;

//  subscription:  0 userdata u64 | 8 tag u8 | 16 union
//    snapshot clock:            16 id u32 | 24 timeout u64 | 32 precision u64 | 40 flags u16
//    unstable clock:  16 name u64 | 24 id u32 | 32 timeout u64 | 40 precision u64 | 48 flags u16
//    fd_read, fd_write:  16 fd u32
inline constexpr size_t kSubscriptionSize = 48;
inline constexpr size_t kUnstableSubscriptionSize = 56;
template <size_t Size>
host::Subscription parse_subscription(const GuestRecord<Size>& record);

//  event:  0 userdata u64 | 8 error u16 | 10 type u8 | 16 bytes u64 | 24 flags u16
inline constexpr size_t kEventSize = 32;
Record<kEventSize> event_record(const host::Event& event);

/// Vectored buffers: at most os::kMaxBuffers that are not empty are taken, and all that are taken are in bounds.
class Iovecs {
 public:
  HostStatus read(GuestMemory mem, uint32_t iovs_ptr, uint32_t count);
  host::Buffers buffers() const { return std::span(list_.data(), count_); }

 private:
  std::array<os::Buffer, os::kMaxBuffers> list_;
  size_t count_ = 0;
};

/// badf-free translation of clock ids; inval for an unknown one.
HostResult<os::Clock> parse_clock(uint32_t id);

struct TimeChanges {
  os::TimeChange accessed;
  os::TimeChange modified;
};
/// inval when a time is to be both set and now, or for unknown flags.
HostResult<TimeChanges> parse_time_changes(uint64_t accessed, uint64_t modified, uint32_t fst_flags);

/// Lookup flags: whether symbolic links at the end are followed; inval for unknown flags.
HostResult<bool> parse_lookup(uint32_t lookup);

}  // namespace ashlar::wasi::p1
