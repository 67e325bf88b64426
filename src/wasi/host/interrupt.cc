// Waiting for one handle in slices, so that the hook is asked in time.
#include "wasi/host/interrupt.h"

#include <cerrno>
#include <optional>

#include "os/file_wait.h"

namespace ashlar::wasi::host {

HostStatus Interrupt::wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline) {
  if (waiter_->wait(items, deadline)) return {};
  return fire();
}

HostStatus Interrupt::turn() {
  if (waiter_ == nullptr || waiter_->turn(false)) return {};
  return fire();
}

HostStatus wait_until_ready(int fd, bool for_writing, Interrupt& interrupt) {
  for (;;) {
    if (interrupt.requested()) return fail(Errno::intr);
    os::WaitItem item{.fd = fd, .read = !for_writing, .write = for_writing};
    std::optional<uint64_t> limit;
    if (interrupt.armed()) limit = interrupt.waiter() != nullptr ? 0 : kInterruptSlice;
    auto ready = os::wait_files(std::span(&item, 1), limit);
    if (!ready && ready.error() != EINTR) return fail(errno_from_os(ready.error()));
    if (ready && *ready > 0) return {};
    if (interrupt.waiter() != nullptr) HOST_TRY(interrupt.wait(std::span(&item, 1), std::nullopt));
  }
}

bool ready_now(int fd, bool for_writing) {
  os::WaitItem item{.fd = fd, .read = !for_writing, .write = for_writing};
  auto ready = os::wait_files(std::span(&item, 1), 0);
  return !ready || *ready > 0;
}

}  // namespace ashlar::wasi::host
