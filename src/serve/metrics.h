// What a service has done, by route: counted by its loops, read by anyone.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/ledger.h"

namespace ashlar::serve {

/// An answered request.
struct RequestRecord {
  static constexpr uint16_t kClientGone = 499;
  std::string_view route;  ///< empty: none fitted
  std::string_view method, authority, path, protocol, remote, referer, user_agent, id, trace;
  uint16_t status = 0;                   ///< or kClientGone
  uint64_t bytes_in = 0, bytes_out = 0;  ///< of the bodies
  std::chrono::system_clock::time_point begun;
  std::chrono::nanoseconds time{};
};

/// Any thread.
class RouteMetrics {
 public:
  /// Upper bounds of the classes of durations, in microseconds; one more has all that took longer.
  static constexpr std::array<uint32_t, 14> kBounds = {250,       500,       1'000,      2'500,     5'000,
                                                       10'000,    25'000,    50'000,     100'000,   250'000,
                                                       1'000'000, 2'500'000, 10'000'000, 30'000'000};

  explicit RouteMetrics(std::string name) : name_(std::move(name)) {}
  /// Empty: of requests that no route answers.
  const std::string& name() const { return name_; }

  void begin() { under_way_.fetch_add(1, std::memory_order_relaxed); }
  void end(const RequestRecord& record);
  /// Of its programs.
  void failed(const Error& error);
  /// What instances on one loop take, as long as it is there.
  void watch(std::weak_ptr<const runtime::Ledger> instances);

  /// What the counters say at some moment.
  struct View {
    std::map<uint16_t, uint64_t> requests;           ///< by status
    std::array<uint64_t, kBounds.size() + 1> times;  ///< by class
    uint64_t microseconds = 0, bytes_in = 0, bytes_out = 0;
    int64_t under_way = 0;
    uint64_t instances = 0, memory_bytes = 0;                    ///< that are there, and their linear memory
    uint64_t traps = 0, interrupted = 0, exits = 0, others = 0;  ///< of programs that failed
  };
  View view() const;

 private:
  using Counter = std::atomic<uint64_t>;
  static constexpr size_t kStatuses = 600;
  const std::string name_;
  std::array<Counter, kStatuses> requests_{};
  std::array<Counter, kBounds.size() + 1> times_{};
  Counter microseconds_{}, bytes_in_{}, bytes_out_{};
  std::atomic<int64_t> under_way_{};
  Counter traps_{}, interrupted_{}, exits_{}, others_{};
  mutable std::mutex mutex_;  ///< of what follows
  std::vector<std::weak_ptr<const runtime::Ledger>> watched_;
};

/// By the routes' names, which outlive reloads.
class Metrics {
 public:
  /// Of a name that is new the first time.
  std::shared_ptr<RouteMetrics> route(std::string_view name);

  /// In the text format of Prometheus, version 0.0.4.
  std::string prometheus() const;
  /// For the page.
  std::string json() const;

 private:
  std::map<std::string, RouteMetrics::View> views() const;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<RouteMetrics>, std::less<>> routes_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const std::time_t started_ = std::time(nullptr);
};

}  // namespace ashlar::serve
