// Counters and how they are told; see metrics.h.
#include "serve/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/json.h"

namespace ashlar::serve {

namespace {

constexpr double kMicro = 1e-6;

std::string decimal(double value) {
  constexpr size_t kLongest = 32;
  char text[kLongest];
  const int size = std::snprintf(text, sizeof text, "%.12g", value);
  return {text, static_cast<size_t>(size)};
}

/// A label's value; quotes included.
std::string label(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

struct ProcessFigures {
  uint64_t resident = 0;
  double cpu_seconds = 0;
  uint64_t descriptors = 0, threads = 0;
};

ProcessFigures process_figures() {
  ProcessFigures out;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "re")) {
    unsigned long size = 0, resident = 0;
    if (std::fscanf(file, "%lu %lu", &size, &resident) == 2) {
      out.resident = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    std::fclose(file);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * kMicro;
  };
  out.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  const auto entries = [](const char* path) {
    uint64_t count = 0;
    if (DIR* const dir = ::opendir(path)) {
      while (const dirent* entry = ::readdir(dir)) count += entry->d_name[0] != '.';
      ::closedir(dir);
    }
    return count;
  };
  out.descriptors = entries("/proc/self/fd");
  out.threads = entries("/proc/self/task");
  return out;
}

/// Lines of one family.
class Family {
 public:
  Family(std::string& out, std::string name, std::string_view type, std::string_view help)
      : out_(out), name_(std::move(name)) {
    out_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " + std::string(type) + "\n";
  }
  void line(std::string_view suffix, const std::string& labels, const std::string& value) {
    out_ += name_ + std::string(suffix) + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  }

 private:
  std::string& out_;
  std::string name_;
};

void add(std::atomic<uint64_t>& to, uint64_t amount) { to.fetch_add(amount, std::memory_order_relaxed); }

void add_durations(std::string& out, const std::map<std::string, RouteMetrics::View>& views) {
  Family family(out, "ashlar_http_request_duration_seconds", "histogram",
                "From a request's head until its program has written all of the response.");
  for (const auto& [name, view] : views) {
    uint64_t below = 0;
    for (size_t i = 0; i < view.times.size(); ++i) {
      below += view.times[i];
      const bool last = i == RouteMetrics::kBounds.size();
      const std::string bound = last ? "+Inf" : decimal(RouteMetrics::kBounds[i] * kMicro);
      family.line("_bucket", "route=" + label(name) + ",le=\"" + bound + "\"", std::to_string(below));
    }
    family.line("_sum", "route=" + label(name), decimal(static_cast<double>(view.microseconds) * kMicro));
    family.line("_count", "route=" + label(name), std::to_string(below));
  }
}

void add_process(std::string& out, std::time_t started) {
  const ProcessFigures now = process_figures();
  Family(out, "process_resident_memory_bytes", "gauge", "Resident memory.").line("", "", std::to_string(now.resident));
  Family(out, "process_cpu_seconds_total", "counter", "Time on processors.").line("", "", decimal(now.cpu_seconds));
  Family(out, "process_open_fds", "gauge", "Open descriptors.").line("", "", std::to_string(now.descriptors));
  Family(out, "process_threads", "gauge", "Threads.").line("", "", std::to_string(now.threads));
  Family(out, "process_start_time_seconds", "gauge", "When the service began, since 1970.")
      .line("", "", std::to_string(started));
}

/// The least duration that so many of all took at most, as far as the classes tell.
double quantile_ms(const RouteMetrics::View& view, uint64_t all, double part) {
  constexpr double kMilli = 1e-3;
  const auto wanted = static_cast<uint64_t>(static_cast<double>(all) * part);
  uint64_t below = 0;
  for (size_t i = 0; i < RouteMetrics::kBounds.size(); ++i) {
    below += view.times[i];
    if (below > wanted) return RouteMetrics::kBounds[i] * kMilli;
  }
  return all == 0 ? 0 : RouteMetrics::kBounds.back() * kMilli;
}

}  // namespace

void RouteMetrics::end(const RequestRecord& record) {
  under_way_.fetch_sub(1, std::memory_order_relaxed);
  add(requests_[std::min<size_t>(record.status, kStatuses - 1)], 1);
  const auto time = std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(record.time).count());
  const auto bound = std::ranges::lower_bound(kBounds, static_cast<uint64_t>(time));
  add(times_[static_cast<size_t>(bound - kBounds.begin())], 1);
  add(microseconds_, static_cast<uint64_t>(time));
  add(bytes_in_, record.bytes_in);
  add(bytes_out_, record.bytes_out);
}

void RouteMetrics::failed(const Error& error) {
  switch (error.code()) {
    case ErrorCode::interrupted:
      return add(interrupted_, 1);
    case ErrorCode::program_exit:
      return add(exits_, 1);
    // It ran to its end.
    case ErrorCode::response_malformed:
    case ErrorCode::response_missing:
    case ErrorCode::response_unfinished:
    case ErrorCode::too_many_redirects:
      return add(others_, 1);
    default:
      return add(error.phase() == Phase::Trap ? traps_ : others_, 1);
  }
}

void RouteMetrics::watch(std::weak_ptr<const runtime::Ledger> instances) {
  const std::lock_guard lock(mutex_);
  std::erase_if(watched_, [](const auto& ledger) { return ledger.expired(); });
  watched_.push_back(std::move(instances));
}

RouteMetrics::View RouteMetrics::view() const {
  const auto get = [](const Counter& c) { return c.load(std::memory_order_relaxed); };
  View out;
  for (size_t i = 0; i < kStatuses; ++i) {
    if (const uint64_t count = get(requests_[i])) out.requests[static_cast<uint16_t>(i)] = count;
  }
  for (size_t i = 0; i < out.times.size(); ++i) out.times[i] = get(times_[i]);
  out.microseconds = get(microseconds_);
  out.bytes_in = get(bytes_in_);
  out.bytes_out = get(bytes_out_);
  out.under_way = under_way_.load(std::memory_order_relaxed);
  out.traps = get(traps_);
  out.interrupted = get(interrupted_);
  out.exits = get(exits_);
  out.others = get(others_);
  const std::lock_guard lock(mutex_);
  for (const auto& watched : watched_) {
    const auto ledger = watched.lock();
    if (!ledger) continue;
    out.instances += ledger->used(runtime::Resource::Stores);
    out.memory_bytes += ledger->used(runtime::Resource::MemoryBytes);
  }
  return out;
}

std::shared_ptr<RouteMetrics> Metrics::route(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = routes_.find(name);
  if (found != routes_.end()) return found->second;
  return routes_.emplace(name, std::make_shared<RouteMetrics>(std::string(name))).first->second;
}

std::map<std::string, RouteMetrics::View> Metrics::views() const {
  std::map<std::string, RouteMetrics::View> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, metrics] : routes_) out[name] = metrics->view();
  return out;
}

std::string Metrics::prometheus() const {
  const auto views = this->views();
  std::string out;
  {
    Family family(out, "ashlar_http_requests_total", "counter",
                  "Requests that have been answered; status 499: the client went before.");
    for (const auto& [name, view] : views) {
      for (const auto& [status, count] : view.requests) {
        family.line("", "route=" + label(name) + ",status=\"" + std::to_string(status) + "\"", std::to_string(count));
      }
    }
  }
  add_durations(out, views);
  const auto of_routes = [&](std::string name, std::string_view type, std::string_view help, auto value) {
    Family family(out, std::move(name), type, help);
    for (const auto& [route, view] : views) family.line("", "route=" + label(route), std::to_string(value(view)));
  };
  of_routes("ashlar_http_requests_in_flight", "gauge", "Requests under way, each with an instance of its own.",
            [](const auto& v) { return v.under_way; });
  of_routes("ashlar_route_instances", "gauge", "Instances that are there, those that wait for a request included.",
            [](const auto& v) { return v.instances; });
  of_routes("ashlar_route_memory_bytes", "gauge", "Linear memory of these instances.",
            [](const auto& v) { return v.memory_bytes; });
  of_routes("ashlar_http_request_bytes_total", "counter", "Bytes of requests' bodies.",
            [](const auto& v) { return v.bytes_in; });
  of_routes("ashlar_http_response_bytes_total", "counter", "Bytes of responses' bodies.",
            [](const auto& v) { return v.bytes_out; });
  {
    Family family(out, "ashlar_guest_failures_total", "counter", "Programs that did not end as they should.");
    for (const auto& [name, view] : views) {
      const auto line = [&](std::string_view kind, uint64_t count) {
        family.line("", "route=" + label(name) + ",kind=" + label(kind), std::to_string(count));
      };
      line("trap", view.traps);
      line("interrupted", view.interrupted);
      line("exit", view.exits);
      line("other", view.others);
    }
  }
  add_process(out, started_);
  return out;
}

std::string Metrics::json() const {
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - begun_;
  const ProcessFigures now = process_figures();
  std::string out = "{\"uptime_seconds\":" + decimal(up.count()) +
                    ",\"resident_bytes\":" + std::to_string(now.resident) +
                    ",\"cpu_seconds\":" + decimal(now.cpu_seconds) + ",\"threads\":" + std::to_string(now.threads) +
                    ",\"descriptors\":" + std::to_string(now.descriptors) + ",\"routes\":[";
  bool first = true;
  for (const auto& [name, view] : views()) {
    uint64_t all = 0, failed = 0;
    for (const auto& [status, count] : view.requests) {
      constexpr uint16_t kFirstOfServers = 500;
      all += count;
      if (status >= kFirstOfServers) failed += count;
    }
    constexpr double kHalf = 0.5, kMost = 0.99;
    if (!std::exchange(first, false)) out += ',';
    out += "{\"name\":" + base::json_string(name) + ",\"requests\":" + std::to_string(all) +
           ",\"server_errors\":" + std::to_string(failed) + ",\"in_flight\":" + std::to_string(view.under_way) +
           ",\"traps\":" + std::to_string(view.traps) + ",\"interrupted\":" + std::to_string(view.interrupted) +
           ",\"p50_ms\":" + decimal(quantile_ms(view, all, kHalf)) +
           ",\"p99_ms\":" + decimal(quantile_ms(view, all, kMost)) + ",\"bytes_in\":" + std::to_string(view.bytes_in) +
           ",\"bytes_out\":" + std::to_string(view.bytes_out) + "}";
  }
  return out + "]}\n";
}

}  // namespace ashlar::serve
