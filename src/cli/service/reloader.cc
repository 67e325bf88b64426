// Watching and loading; see reloader.h.
#include "cli/service/reloader.h"

#include <unistd.h>

#include <cstring>

#include "cli/output.h"
#include "os/file_wait.h"
#include "os/name_lookup.h"
#include "os/quiet_thread.h"

namespace ashlar::cli {

namespace {

/// Who replaces files replaces several, and writes some for a while: nothing is loaded before all was still for so
/// long.
constexpr std::chrono::milliseconds kQuiet{100};
/// Before files are copied: a machine may have no core for that beside the first requests.
constexpr std::chrono::milliseconds kFirstRequests{100};
constexpr std::chrono::seconds kPatience{1};  ///< of stop(), with a compiler

std::vector<std::string> paths_of(const std::vector<os::FileStamp>& stamps) {
  std::vector<std::string> out;
  for (const os::FileStamp& stamp : stamps) out.push_back(stamp.path);
  return out;
}

std::vector<os::FileStamp> stamps_now(const std::vector<os::FileStamp>& stamps) {
  std::vector<os::FileStamp> out;
  for (const os::FileStamp& stamp : stamps) out.push_back(os::stamp_file(stamp.path));
  return out;
}

/// The key of what differs; empty: nothing.
std::string difference(const std::vector<std::pair<std::string, std::string>>& a,
                       const std::vector<std::pair<std::string, std::string>>& b) {
  const auto lacks = [](const auto& all, const auto& entry) { return std::ranges::find(all, entry) == all.end(); };
  for (const auto& entry : a) {
    if (lacks(b, entry)) return entry.first;
  }
  for (const auto& entry : b) {
    if (lacks(a, entry)) return entry.first;
  }
  return {};
}

}  // namespace

Reloader::Reloader(serve::Service& service, ServiceLoader& loader, const ServiceLoader::Loaded& loaded,
                   std::string name, bool watch)
    : service_(service), loader_(loader), name_(std::move(name)), fixed_(loaded.plan.fixed), watch_(watch) {
  if (auto event = os::make_event()) event_ = std::move(*event);
  thread_ = os::quiet_thread([this] { run(); });
}

void Reloader::reload() {
  const std::lock_guard lock(mutex_);
  wanted_ = true;
  os::raise_event(event_.raw());
}

bool Reloader::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  os::raise_event(event_.raw());
  if (!condition_.wait_for(lock, kPatience, [this] { return stopped_; })) {
    thread_.detach();
    return false;
  }
  lock.unlock();
  thread_.join();
  return true;
}

bool Reloader::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return condition_.wait_for(lock, time, [this] { return stopping_; });
}

void Reloader::watch_files() {
  if (!watch_) return;
  const auto failed = [&](int error) {
    print_error("warning: changes of the files of " + name_ + " are not seen (" + std::strerror(error) +
                "); SIGHUP loads them");
    watch_ = false;
    files_.reset();
  };
  if (!files_) {
    auto made = os::FileWatch::make();
    if (!made) return failed(made.error());
    files_ = std::move(*made);
  }
  if (const auto watched = files_->watch(paths_of(loader_.stamps())); !watched) failed(watched.error());
}

bool Reloader::changed() const { return stamps_now(loader_.stamps()) != loader_.stamps(); }

void Reloader::run() {
  // Here, so that the first request does not wait for it.
  if (!pause(kFirstRequests)) loader_.set_files_apart();
  watch_files();
  bool look = watch_;  // something may have happened before
  for (;;) {
    os::WaitItem items[] = {{.fd = event_.raw(), .read = true}, {.fd = files_ ? files_->fd() : -1, .read = true}};
    if (!look) (void)os::wait_files(std::span(items, files_ ? 2 : 1), std::nullopt);
    bool wanted = false;
    {
      const std::lock_guard lock(mutex_);
      uint64_t count = 0;
      if (items[0].readable) (void)!::read(event_.raw(), &count, sizeof count);
      if (stopping_) break;
      wanted = std::exchange(wanted_, false);
    }
    if (!wanted) {
      std::vector<os::FileStamp> before = stamps_now(loader_.stamps());
      if (pause(kQuiet)) break;
      if (files_) files_->drain();
      // Links may lead elsewhere by now.
      watch_files();
      look = before != stamps_now(loader_.stamps());
      if (look || !changed()) continue;
    }
    look = false;
    load();
    watch_files();
  }
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  condition_.notify_all();
}

void Reloader::load() {
  const auto refuse = [this](const std::vector<Error>& mistakes) {
    for (const Error& error : mistakes) print_error(describe(error));
    print_error(name_ + " is not reloaded: what was served before still is");
  };
  auto loaded = loader_.load();
  if (!loaded) return refuse(loaded.error());
  if (const std::string key = difference(fixed_, loaded->plan.fixed); !key.empty()) {
    std::vector<Error> errors;
    errors.push_back(Error(ErrorCode::service_needs_restart, kNoOffset, "'" + key + "'").in_file(name_));
    return refuse(errors);
  }
  if (Status done = service_.replace(loaded->routes); !done) {
    std::vector<Error> errors;
    errors.push_back(std::move(done).error());
    return refuse(errors);
  }
  loader_.keep(*loaded);
  const bool renewed = service_.renew(loaded->plan.service.listen);
  for (const Error& warning : loaded->warnings) print_error("warning: " + describe(warning));
  const size_t all = loaded->routes->apps.size();
  print_error("reloaded " + name_ + ": " + std::to_string(loaded->fresh) + " of " + std::to_string(all) +
              (all == 1 ? " program is new" : " programs are new") +
              (renewed ? "; new connections meet the new certificate" : ""));
}

}  // namespace ashlar::cli
