// What operators look at: metrics for Prometheus, and a page with live figures.
#pragma once

#include <memory>
#include <string>

#include "http/server.h"
#include "serve/observer.h"

namespace ashlar::serve {

/// Answers GET /metrics, /status (the page), /status.json and / (which goes to the page), on a loop's thread.
/// `version`: of the program that serves.
http::Handler admin_handler(std::shared_ptr<Observation> observation, std::string version);

}  // namespace ashlar::serve
