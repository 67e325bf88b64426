// What answers requests: programs of one kind, on one event loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/error.h"
#include "http/server.h"
#include "runtime/ledger.h"

namespace ashlar::serve {

/// Runs a program for each request. Belongs to a loop's thread. A waiting program holds no thread.
class Guests {
 public:
  virtual ~Guests() = default;
  virtual void handle(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) = 0;
  /// Programs that have begun and not ended.
  virtual size_t running() const = 0;
  /// What their instances take together, those that wait for a request included; null: they do not count. Any thread
  /// reads it.
  virtual std::shared_ptr<const runtime::Ledger> ledger() const { return nullptr; }
};

}  // namespace ashlar::serve
