// A program that answers requests.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "runtime/store.h"
#include "serve/guests.h"

namespace ashlar::serve {

/// How long an instance goes on answering requests, one after another.
struct Reuse {
  uint64_t requests = 1;                         ///< that it answers; 1: each has its own
  std::chrono::nanoseconds idle{1'000'000'000};  ///< without a request
  std::chrono::nanoseconds age{};                ///< since it was made; 0: no limit
  uint64_t memory = 128 << 20;                   ///< bytes of linear memory that it may keep between two
  bool on() const { return requests > 1; }
};

/// What every kind of program is limited to.
struct AppOptions {
  runtime::StoreLimits limits;
  std::chrono::nanoseconds time{};  ///< of a request; 0: no limit
  int64_t fuel = 0;                 ///< with Config::fuel
  size_t concurrent = 0;            ///< requests under way on one loop; more are 503
  Reuse reuse = {};                 ///< of components
  std::function<void()> begins;     ///< if set, called on the loop's thread before an instance is made
};

/// Made ready once, immutable, shared by loops, which make their guests of it; a class for each kind of program.
class App {
 public:
  virtual ~App() = default;
  /// As users are told: "wasi:http component".
  virtual std::string_view kind() const = 0;
  virtual const std::shared_ptr<runtime::Engine>& engine() const = 0;
  /// For one loop; app, loop and client must outlive the guests. `client`: what they send requests with, or null.
  /// Errors: of the first call those of instantiating it once, so that what is wrong shows at the start. Thread-safe.
  virtual Result<std::unique_ptr<Guests>> on_loop(boost::asio::io_context& loop,
                                                  wasi::host::HttpClient* client) const = 0;

 protected:
  mutable std::atomic<bool> tried_out_{false};  ///< or begun: once a program, for it is most of what a start takes
};

}  // namespace ashlar::serve
