// Loops, sockets and signals; see service.h.
#include "serve/service.h"

#include <pthread.h>
#include <csignal>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <new>
#include <optional>
#include <semaphore>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "http/server.h"
#include "serve/admin.h"
#include "serve/idle_trim.h"
#include "serve/routed_guests.h"

namespace ashlar::serve {

namespace asio = boost::asio;

namespace {

sigset_t signal_set(std::initializer_list<int> signals) {
  sigset_t out;
  sigemptyset(&out);
  for (const int signal : signals) sigaddset(&out, signal);
  return out;
}
sigset_t ending_signals() { return signal_set({SIGTERM, SIGINT}); }

}  // namespace

struct Service::Loop {
  Loop(const http::HttpLimits& limits, size_t requests, std::shared_ptr<Observation> observation)
      : guests(std::in_place, context, requests, std::move(observation)),
        server(context, limits, [this](http::HttpRequest request, std::shared_ptr<http::Answer> answer) {
          guests->handle(std::move(request), std::move(answer));
        }) {}
  asio::io_context context{1};
  std::optional<RoutedGuests> guests;
  http::Server server;
  std::thread thread;
};

// From here on signals wait for run().
Service::Service(const ServiceOptions& options) : options_(options) {
  const sigset_t signals = signal_set({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, &signals_before_);
}

Service::~Service() { pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr); }

Result<std::unique_ptr<Service>> Service::open(const ServiceOptions& options, std::shared_ptr<const Routes> routes) {
  std::unique_ptr<Service> out(new Service(options));
  http::HttpLimits limits = options.limits;
  limits.connections = std::max(1u, limits.connections / options.loops);
  for (unsigned i = 0; i < options.loops; ++i) {
    auto loop =
        std::make_unique<Loop>(limits, std::max<uint64_t>(1, options.requests / options.loops), options.observation);
    TRY(loop->guests->prepare(routes));
    loop->guests->commit();
    out->loops_.push_back(std::move(loop));
  }
  out->routes_ = std::move(routes);
  TRY(out->listen());
  return out;
}

Status Service::listen() {
  std::vector<LoopServer> servers;
  for (const auto& loop : loops_) servers.push_back({loop->context, loop->server});
  for (const ListenOptions& options : options_.listen) {
    TRY_ASSIGN(Listening listening, serve::listen(options, servers));
    addresses_.push_back(std::move(listening.address));
    tls_.push_back(std::move(listening.tls));
  }
  if (options_.admin.empty()) return {};
  asio::io_context& first = loops_[0]->context;
  http::HttpLimits few;
  constexpr uint32_t kFew = 64;
  few.connections = kFew;
  admin_ = std::make_unique<http::Server>(first, few, admin_handler(options_.observation, options_.version));
  const LoopServer server[] = {{first, *admin_}};
  for (const std::string& where : options_.admin) {
    ListenOptions options;
    options.address = where;
    TRY_ASSIGN(Listening listening, serve::listen(options, server));
    admin_addresses_.push_back(std::move(listening.address));
  }
  return {};
}

void Service::run() {
  const sigset_t signals = signal_set({SIGTERM, SIGINT, SIGHUP});
  // Who writes to a peer that has gone gets an error.
  std::signal(SIGPIPE, SIG_IGN);
  for (const auto& loop : loops_) {
    loop->thread = std::thread([&context = loop->context] { context.run(); });
  }
  IdleTrim idle;
  for (;;) {
    constexpr timespec kTick{2, 0};
    const int signal = sigtimedwait(&signals, nullptr, &kTick);
    if (signal < 0 && errno == EAGAIN) {
      try {
        idle.tick(*routes());
      } catch (const std::bad_alloc&) {
        // What is needed for that comes back with the next requests that end.
      }
    }
    if (signal == SIGHUP && options_.on_hangup) options_.on_hangup();
    if (signal > 0 && signal != SIGHUP) break;
  }
  finish();
}

std::shared_ptr<const Routes> Service::routes() {
  const std::lock_guard lock(mutex_);
  return routes_;
}

bool Service::on_loops(const std::function<void(RoutedGuests&)>& f) {
  const auto left = std::make_shared<size_t>(loops_.size());
  for (const auto& loop : loops_) {
    asio::post(loop->context, [this, &loop = *loop, left, f] {
      f(*loop.guests);
      const std::lock_guard lock(mutex_);
      --*left;
      changed_.notify_all();
    });
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || *left == 0; });
  return *left == 0;
}

Status Service::replace(const std::shared_ptr<const Routes>& routes) {
  const auto wrong = std::make_shared<std::pair<std::mutex, Status>>();
  const bool prepared = on_loops([wrong, routes](RoutedGuests& guests) {
    Status done = guests.prepare(routes);
    const std::lock_guard lock(wrong->first);
    if (!done && wrong->second) wrong->second = std::move(done);
  });
  if (!prepared) return {};
  const bool good = wrong->second.has_value();
  on_loops([good](RoutedGuests& guests) { good ? guests.commit() : guests.abandon(); });
  if (good) {
    const std::lock_guard lock(mutex_);
    routes_ = routes;
  }
  return std::move(wrong->second);
}

bool Service::renew(const std::vector<ListenOptions>& listen) {
  CHECK(listen.size() == tls_.size());
  bool out = false;
  for (size_t i = 0; i < tls_.size(); ++i) {
    if (tls_[i] == nullptr || listen[i].tls == nullptr || listen[i].tls == tls_[i]->current()) continue;
    tls_[i]->set(listen[i].tls);
    out = true;
  }
  return out;
}

void Service::finish() {
  const auto left = std::make_shared<std::counting_semaphore<>>(0);
  for (const auto& loop : loops_) {
    asio::post(loop->context, [&server = loop->server, left] { server.finish([left] { left->release(); }); });
  }
  const sigset_t signals = ending_signals();
  const auto until = std::chrono::steady_clock::now() + options_.drain_time;
  for (size_t open = loops_.size(); open != 0 && std::chrono::steady_clock::now() < until;) {
    constexpr std::chrono::milliseconds kSlice{20};
    if (left->try_acquire_for(kSlice)) {
      --open;
      continue;
    }
    constexpr timespec kNow{};
    if (sigtimedwait(&signals, nullptr, &kNow) > 0) break;
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  for (const auto& loop : loops_) loop->context.stop();
  for (const auto& loop : loops_) loop->thread.join();
  admin_.reset();
  // Guests that are left end on this thread; a server that is left closes what it has.
  for (const auto& loop : loops_) {
    loop->guests.reset();
    loop->server.stop();
  }
  // Signals that came meanwhile ask for nothing that is left to do.
  const sigset_t all = signal_set({SIGTERM, SIGINT, SIGHUP});
  constexpr timespec kNow{};
  while (sigtimedwait(&all, nullptr, &kNow) > 0) {
  }
}

}  // namespace ashlar::serve
