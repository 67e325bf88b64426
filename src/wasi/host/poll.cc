// Polling: timers become one deadline, descriptors one list for the operating system.
#include "wasi/host/poll.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <unordered_map>

#include "os/file_wait.h"

namespace ashlar::wasi::host {
namespace {

constexpr size_t kNoItem = ~size_t{0};
/// A wall clock can be set while we wait for a time on it.
constexpr uint64_t kRealtimeSlice = 1'000'000'000;

/// What one subscription waits for.
struct Watch {
  Errno error = Errno::success;
  bool always_ready = false;
  bool pipe = false;
  size_t item = kNoItem;  ///< index into the items
  DescriptorRef file;     ///< held, so that its handle stays what it is
  uint64_t deadline = 0;  ///< clocks: on `Subscription::clock`
};

class Poller {
 public:
  Poller(FdTable& table, std::span<const Subscription> subscriptions) : table_(table), subscriptions_(subscriptions) {
    watches_.resize(subscriptions.size());
    for (size_t i = 0; i < subscriptions.size(); ++i) prepare(subscriptions[i], watches_[i]);
  }

  HostStatus run(std::vector<Event>& events, Interrupt& interrupt);

 private:
  void prepare(const Subscription& wanted, Watch& watch);
  void prepare_fd(const Subscription& wanted, Watch& watch);
  size_t item_for(int fd);
  std::optional<uint64_t> time_left() const;
  void collect(std::vector<Event>& events) const;
  bool collect_fd(const Subscription& wanted, const Watch& watch, Event& event) const;

  FdTable& table_;
  std::span<const Subscription> subscriptions_;
  std::vector<Watch> watches_;
  std::vector<os::WaitItem> items_;
  std::unordered_map<int, size_t> item_of_;  ///< so that many subscriptions to one descriptor stay one item
  bool immediate_ = false;
};

void Poller::prepare(const Subscription& wanted, Watch& watch) {
  watch.error = wanted.error;
  if (watch.error == Errno::success) {
    if (wanted.kind != Subscription::Kind::Clock) {
      prepare_fd(wanted, watch);
    } else if (wanted.absolute) {
      watch.deadline = wanted.timeout;
    } else if (auto now = os::clock_now(wanted.clock)) {
      watch.deadline = wanted.timeout > UINT64_MAX - *now ? UINT64_MAX : *now + wanted.timeout;
    } else {
      watch.error = errno_from_os(now.error());
    }
  }
  immediate_ |= watch.error != Errno::success || watch.always_ready;
}

void Poller::prepare_fd(const Subscription& wanted, Watch& watch) {
  auto found = table_.get(wanted.fd);
  if (!found) {
    watch.error = found.error();
    return;
  }
  const Descriptor& file = **found;
  const Rights rights = file.base.get();
  const bool reading = wanted.kind == Subscription::Kind::Read;
  if (file.is_directory()) {
    watch.error = Errno::badf;
  } else if (!rights.has(right::poll_fd_readwrite) ||
             !rights.any(reading ? right::fd_read | right::sock_accept : right::fd_write)) {
    watch.error = Errno::notcapable;
  } else if (file.pipe) {
    watch.pipe = true;
  } else if (!file.may_block) {
    watch.always_ready = true;
  } else {
    watch.item = item_for(file.handle.raw());
    (reading ? items_[watch.item].read : items_[watch.item].write) = true;
  }
  watch.file = std::move(*found);
}

size_t Poller::item_for(int fd) {
  auto [at, added] = item_of_.try_emplace(fd, items_.size());
  if (added) items_.push_back(os::WaitItem{.fd = fd});
  return at->second;
}

std::optional<uint64_t> Poller::time_left() const {
  std::optional<uint64_t> left;
  for (size_t i = 0; i < watches_.size(); ++i) {
    const Subscription& wanted = subscriptions_[i];
    if (wanted.kind != Subscription::Kind::Clock || watches_[i].error != Errno::success) continue;
    const uint64_t now = os::clock_now(wanted.clock).value_or(UINT64_MAX);
    uint64_t mine = watches_[i].deadline > now ? watches_[i].deadline - now : 0;
    // Only the monotonic clock runs as the waiting does.
    if (wanted.clock != os::Clock::Monotonic) mine = std::min(mine, kRealtimeSlice);
    left = std::min(left.value_or(UINT64_MAX), mine);
  }
  return left;
}

bool Poller::collect_fd(const Subscription& wanted, const Watch& watch, Event& event) const {
  const bool reading = wanted.kind == Subscription::Kind::Read;
  if (watch.pipe) {
    const Pipe& pipe = *watch.file->pipe;
    if (!pipe.ready()) return false;
    event.bytes = pipe.available();
    return true;
  }
  const int fd = watch.file->handle.raw();
  if (watch.always_ready) {
    auto info = os::file_info(fd);
    auto at = os::seek_file(fd, 0, os::Whence::Current);
    if (reading && info && at && info->size > *at) event.bytes = info->size - *at;
    return true;
  }
  const os::WaitItem& item = items_[watch.item];
  if (item.invalid) {
    event.error = Errno::badf;
    return true;
  }
  // An error or a hangup also ends the waiting: the next transfer tells which.
  if (!item.error && !item.hangup && !(reading ? item.readable : item.writable)) return false;
  event.hangup = item.hangup;
  if (reading) event.bytes = os::bytes_available(fd);
  return true;
}

void Poller::collect(std::vector<Event>& events) const {
  for (size_t i = 0; i < watches_.size(); ++i) {
    const Subscription& wanted = subscriptions_[i];
    Event event;
    event.userdata = wanted.userdata;
    event.kind = wanted.kind;
    event.error = watches_[i].error;
    bool happened = event.error != Errno::success;
    if (!happened && wanted.kind == Subscription::Kind::Clock) {
      happened = os::clock_now(wanted.clock).value_or(UINT64_MAX) >= watches_[i].deadline;
    } else if (!happened) {
      happened = collect_fd(wanted, watches_[i], event);
    }
    if (happened) events.push_back(event);
  }
}

/// That time from now, on the monotonic clock.
std::optional<uint64_t> time_at(std::optional<uint64_t> left) {
  if (!left) return std::nullopt;
  const uint64_t now = os::monotonic_now();
  return *left > UINT64_MAX - now ? UINT64_MAX : now + *left;
}

HostStatus Poller::run(std::vector<Event>& events, Interrupt& interrupt) {
  for (;;) {
    if (interrupt.requested()) return fail(Errno::intr);
    const std::optional<uint64_t> left = immediate_ ? std::optional<uint64_t>(0) : time_left();
    std::optional<uint64_t> limit = left;
    if (interrupt.armed()) {
      limit = std::min(left.value_or(UINT64_MAX), interrupt.waiter() != nullptr ? 0 : kInterruptSlice);
    }
    auto ready = os::wait_files(items_, limit);
    if (!ready) {
      if (ready.error() != EINTR) return fail(errno_from_os(ready.error()));
      continue;
    }
    collect(events);
    if (!events.empty()) return interrupt.turn();
    if (interrupt.waiter() != nullptr) HOST_TRY(interrupt.wait(items_, time_at(left)));
  }
}

}  // namespace

HostStatus poll(FdTable& table, std::span<const Subscription> subscriptions, std::vector<Event>& events,
                Interrupt& interrupt) {
  if (subscriptions.empty() || subscriptions.size() > kMaxSubscriptions) return fail(Errno::inval);
  return Poller(table, subscriptions).run(events, interrupt);
}

}  // namespace ashlar::wasi::host
