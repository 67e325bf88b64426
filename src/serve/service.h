// The service: an event loop a core, each with its sockets, guests and server, until a signal ends it. What it answers
// with can be exchanged while it runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/limits.h"
#include "serve/listen.h"
#include "serve/observer.h"
#include "serve/routes.h"

namespace ashlar::serve {

class RoutedGuests;

struct ServiceOptions {
  std::vector<ListenOptions> listen;
  unsigned loops = 1;
  http::HttpLimits limits;                       ///< connections: of all loops
  uint64_t requests = 10'000;                    ///< of all loops, under way at once; more are 503
  std::chrono::milliseconds drain_time{10'000};  ///< for what is under way when the service ends
  std::function<void()> on_hangup;               ///< told of SIGHUP, in run()'s thread; empty: nothing happens
  std::vector<std::string> admin;                ///< where operators look: see admin.h
  std::string version = {};                      ///< told there
  std::shared_ptr<Observation> observation = std::make_shared<Observation>();
};

class Service {
 public:
  /// Listens; answers come with run(), for which the thread's signals wait from now on. Errors: Io; those of
  /// App::on_loop.
  static Result<std::unique_ptr<Service>> open(const ServiceOptions& options, std::shared_ptr<const Routes> routes);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// "127.0.0.1:8080", one for each of `listen`.
  const std::vector<std::string>& addresses() const { return addresses_; }
  /// The same of `admin`.
  const std::vector<std::string>& admin_addresses() const { return admin_addresses_; }
  /// Serves until SIGTERM or SIGINT, and then until all is answered, or drain_time has passed, or a second signal.
  void run();

  /// While it runs, from one other thread: requests under way end where they began, later ones meet `routes`, on every
  /// loop or on none. Waits for the loops. Errors: those of App::on_loop. Without effect when the service ends.
  Status replace(const std::shared_ptr<const Routes>& routes);
  /// From any thread: new connections meet `tls` of these, which are as many as ServiceOptions::listen. True: some are
  /// others than before.
  bool renew(const std::vector<ListenOptions>& listen);

 private:
  struct Loop;
  explicit Service(const ServiceOptions& options);
  Status listen();
  /// Calls `f` on every loop and waits for it; false when the service ended before.
  bool on_loops(const std::function<void(RoutedGuests&)>& f);
  void finish();
  std::shared_ptr<const Routes> routes();

  ServiceOptions options_;
  sigset_t signals_before_{};
  std::vector<std::string> addresses_, admin_addresses_;
  std::vector<std::shared_ptr<http::ServerTls>> tls_;  ///< by the addresses; null: without
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<http::Server> admin_;  ///< on the first loop
  std::mutex mutex_;                     ///< of what follows
  std::condition_variable changed_;
  bool ended_ = false;
  std::shared_ptr<const Routes> routes_;
};

}  // namespace ashlar::serve
