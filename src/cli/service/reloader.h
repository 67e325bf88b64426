// Exchanges what a service answers with while it runs: when a file of it changes, or on demand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/service/service_loader.h"
#include "os/file_watch.h"
#include "serve/service.h"

namespace ashlar::cli {

/// Loads on a thread of its own, so that loops never wait for a compiler.
class Reloader {
 public:
  /// `loaded`: what the service has now. `name`: for messages. `watch`: without it only reload() does something.
  Reloader(serve::Service& service, ServiceLoader& loader, const ServiceLoader::Loaded& loaded, std::string name,
           bool watch);
  ~Reloader() { CHECK(!thread_.joinable()); }
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  /// Loads all anew, whether or not something seems to have changed. From any thread.
  void reload();
  /// Ends it. False when a compiler is still at work and holds it: then the process must end with it as it is.
  bool stop();

 private:
  void run();
  void watch_files();
  void load();
  bool changed() const;
  /// For what stop() and reload() want; true: it is to end.
  bool pause(std::chrono::milliseconds time);

  serve::Service& service_;
  ServiceLoader& loader_;
  const std::string name_;
  const std::vector<std::pair<std::string, std::string>> fixed_;
  bool watch_;
  std::optional<os::FileWatch> files_;
  os::Fd event_;  ///< raised for what follows
  std::mutex mutex_;
  std::condition_variable condition_;
  bool wanted_ = false, stopping_ = false, stopped_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace ashlar::cli
