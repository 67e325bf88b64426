// Waiting with ppoll, whose timeout has nanoseconds.
#include "os/file_wait.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

namespace ashlar::os {

SysResult<size_t> wait_files(std::span<WaitItem> items, std::optional<uint64_t> nanoseconds) {
  std::array<pollfd, 8> few;
  std::vector<pollfd> many;
  pollfd* list = few.data();
  if (items.size() > few.size()) {
    many.resize(items.size());
    list = many.data();
  }
  for (size_t i = 0; i < items.size(); ++i) {
    list[i].fd = items[i].fd;
    list[i].events = static_cast<short>((items[i].read ? POLLIN : 0) | (items[i].write ? POLLOUT : 0));
    list[i].revents = 0;
  }
  timespec limit{};
  if (nanoseconds) {
    limit.tv_sec = static_cast<time_t>(*nanoseconds / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(*nanoseconds % 1'000'000'000);
  }
  int ready = ::ppoll(list, items.size(), nanoseconds ? &limit : nullptr, nullptr);
  if (ready < 0) return std::unexpected(errno);
  for (size_t i = 0; i < items.size(); ++i) {
    short events = list[i].revents;
    items[i].readable = (events & POLLIN) != 0;
    items[i].writable = (events & POLLOUT) != 0;
    items[i].hangup = (events & POLLHUP) != 0;
    items[i].error = (events & POLLERR) != 0;
    items[i].invalid = (events & POLLNVAL) != 0;
  }
  return static_cast<size_t>(ready);
}

}  // namespace ashlar::os
