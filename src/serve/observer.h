// Requests as those see them who run the service: in its metrics and its log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"
#include "serve/access_log.h"
#include "serve/metrics.h"

namespace ashlar::serve {

/// What a service tells of itself. Shared by its loops.
struct Observation {
  Metrics metrics;
  std::unique_ptr<AccessLog> log;  ///< null: none
  /// Told of programs that failed, in the loops' threads. `route`: its name; `id`: the request's.
  std::function<void(std::string_view route, std::string_view id, const Error& error)> on_failure;
};

/// Of one loop.
class Observer {
 public:
  explicit Observer(std::shared_ptr<Observation> observation);

  /// Gives the request an id where it came with none: "x-request-id", which the program and the client see. The answer
  /// counts for the route of `metrics`.
  std::shared_ptr<http::Answer> observe(wasi::host::HttpRequest& request, std::shared_ptr<http::Answer> answer,
                                        std::shared_ptr<RouteMetrics> metrics);
  Metrics& metrics() { return observation_->metrics; }

 private:
  std::string next_id();
  const std::shared_ptr<Observation> observation_;
  uint64_t seed_[2] = {};
  uint64_t count_ = 0;
};

}  // namespace ashlar::serve
