// The thread behind --timeout.
#include "cli/watchdog.h"

#include <unistd.h>

#include <chrono>

#include "cli/output.h"

namespace ashlar::cli {

Watchdog::Watchdog(runtime::Store& store, uint64_t timeout_ns, std::string file)
    : store_(store), timeout_ns_(timeout_ns), file_(std::move(file)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  condition_.notify_all();
  thread_.join();
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  const auto done = [this] { return done_; };
  if (condition_.wait_for(lock, std::chrono::nanoseconds(timeout_ns_), done)) return;
  store_.interrupt("timeout");
  constexpr std::chrono::seconds kGrace(2);
  if (condition_.wait_for(lock, kGrace, done)) return;
  print_error(file_ + ": wasm trap: interrupted: timeout");
  ::_exit(kExitTrap);
}

}  // namespace ashlar::cli
