// Encoding and decoding of preview 1's structures and flags.
#include "wasi/p1/layout.h"

namespace ashlar::wasi::p1 {
namespace {

constexpr uint8_t kEventClock = 0;
constexpr uint8_t kEventFdRead = 1;
constexpr uint8_t kEventFdWrite = 2;
constexpr uint16_t kClockAbsolute = 1;
constexpr uint16_t kEventHangup = 1;

constexpr uint32_t kAtim = 1;
constexpr uint32_t kAtimNow = 2;
constexpr uint32_t kMtim = 4;
constexpr uint32_t kMtimNow = 8;

os::TimeChange time_change(uint64_t time, bool set, bool now) {
  if (now) return {os::TimeChange::Kind::Now, {}};
  if (set) return {os::TimeChange::Kind::Set, host::file_time_of(time)};
  return {};
}

}  // namespace

Record<kFdstatSize> fdstat_record(const host::Descriptor& descriptor) {
  Record<kFdstatSize> out;
  out.put(0, static_cast<uint8_t>(descriptor.type)).put(2, descriptor.flags.get());
  out.put(8, descriptor.base.get().bits).put(16, descriptor.inheriting.get().bits);
  return out;
}

Record<kFilestatSize> filestat_record(const host::FileStat& stat) {
  Record<kFilestatSize> out;
  out.put(0, stat.device).put(8, stat.inode).put(16, static_cast<uint8_t>(stat.type)).put(24, stat.links);
  out.put(32, stat.size).put(40, stat.accessed).put(48, stat.modified).put(56, stat.changed);
  return out;
}

Record<kUnstableFilestatSize> unstable_filestat_record(const host::FileStat& stat) {
  Record<kUnstableFilestatSize> out;
  const auto links = static_cast<uint32_t>(stat.links > UINT32_MAX ? UINT32_MAX : stat.links);
  out.put(0, stat.device).put(8, stat.inode).put(16, static_cast<uint8_t>(stat.type)).put(20, links);
  out.put(24, stat.size).put(32, stat.accessed).put(40, stat.modified).put(48, stat.changed);
  return out;
}

Record<kDirentSize> dirent_record(const host::ListedEntry& entry) {
  Record<kDirentSize> out;
  out.put(0, entry.next).put(8, entry.inode);
  out.put(16, static_cast<uint32_t>(entry.name.size())).put(20, static_cast<uint8_t>(entry.type));
  return out;
}

template <size_t Size>
host::Subscription parse_subscription(const GuestRecord<Size>& record) {
  constexpr size_t kClockAt = Size == kSubscriptionSize ? 16 : 24;
  host::Subscription out;
  out.userdata = record.template get<uint64_t>(0);
  switch (record.template get<uint8_t>(8)) {
    case kEventClock: {
      auto clock = parse_clock(record.template get<uint32_t>(kClockAt));
      const auto flags = record.template get<uint16_t>(kClockAt + 24);
      out.timeout = record.template get<uint64_t>(kClockAt + 8);
      out.absolute = (flags & kClockAbsolute) != 0;
      if (!clock || (flags & ~kClockAbsolute) != 0) {
        out.error = Errno::inval;
      } else {
        out.clock = *clock;
      }
      break;
    }
    case kEventFdRead:
    case kEventFdWrite:
      out.kind = record.template get<uint8_t>(8) == kEventFdRead ? host::Subscription::Kind::Read
                                                                 : host::Subscription::Kind::Write;
      out.fd = record.template get<uint32_t>(16);
      break;
    default:
      out.error = Errno::inval;
  }
  return out;
}
template host::Subscription parse_subscription(const GuestRecord<kSubscriptionSize>&);
template host::Subscription parse_subscription(const GuestRecord<kUnstableSubscriptionSize>&);

Record<kEventSize> event_record(const host::Event& event) {
  Record<kEventSize> out;
  out.put(0, event.userdata).put(8, static_cast<uint16_t>(event.error)).put(10, static_cast<uint8_t>(event.kind));
  out.put(16, event.bytes).put(24, event.hangup ? kEventHangup : uint16_t{0});
  return out;
}

HostStatus Iovecs::read(GuestMemory mem, uint32_t iovs_ptr, uint32_t count) {
  constexpr uint64_t kIovecSize = 8;
  HOST_TRY(mem.require(iovs_ptr, count * kIovecSize));
  count_ = 0;
  for (uint32_t i = 0; i < count && count_ < list_.size(); ++i) {
    const auto at = static_cast<uint32_t>(iovs_ptr + i * kIovecSize);
    HOST_ASSIGN(const uint32_t buffer, mem.load<uint32_t>(at));
    HOST_ASSIGN(const uint32_t size, mem.load<uint32_t>(at + 4));
    HOST_ASSIGN(auto bytes, mem.bytes(buffer, size));
    if (!bytes.empty()) list_[count_++] = {bytes.data(), bytes.size()};
  }
  return {};
}

HostResult<os::Clock> parse_clock(uint32_t id) {
  switch (id) {
    case 0:
      return os::Clock::Realtime;
    case 1:
      return os::Clock::Monotonic;
    case 2:
      return os::Clock::ProcessCpu;
    case 3:
      return os::Clock::ThreadCpu;
    default:
      return host::fail(Errno::inval);
  }
}

HostResult<TimeChanges> parse_time_changes(uint64_t accessed, uint64_t modified, uint32_t fst_flags) {
  const auto both = [&](uint32_t one, uint32_t other) { return (fst_flags & one) != 0 && (fst_flags & other) != 0; };
  if ((fst_flags & ~(kAtim | kAtimNow | kMtim | kMtimNow)) != 0) return host::fail(Errno::inval);
  if (both(kAtim, kAtimNow) || both(kMtim, kMtimNow)) return host::fail(Errno::inval);
  return TimeChanges{time_change(accessed, (fst_flags & kAtim) != 0, (fst_flags & kAtimNow) != 0),
                     time_change(modified, (fst_flags & kMtim) != 0, (fst_flags & kMtimNow) != 0)};
}

HostResult<bool> parse_lookup(uint32_t lookup) {
  constexpr uint32_t kSymlinkFollow = 1;
  if ((lookup & ~kSymlinkFollow) != 0) return host::fail(Errno::inval);
  return lookup == kSymlinkFollow;
}

}  // namespace ashlar::wasi::p1
