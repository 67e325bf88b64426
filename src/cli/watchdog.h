// The clock behind --timeout: interrupts a store from another thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/store.h"

namespace ashlar::cli {

/// Interrupts `store` once `timeout_ns` have passed, unless it is destroyed before. A guest that does not stop soon
/// after (it sits in a call to the system that nothing ends) ends with the process.
class Watchdog {
 public:
  Watchdog(runtime::Store& store, uint64_t timeout_ns, std::string file);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch();

  runtime::Store& store_;
  uint64_t timeout_ns_;
  std::string file_;
  std::mutex mutex_;
  std::condition_variable condition_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace ashlar::cli
