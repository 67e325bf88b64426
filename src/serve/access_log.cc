// Lines of requests; see access_log.h.
#include "serve/access_log.h"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/json.h"
#include "os/file_bytes.h"
#include "os/quiet_thread.h"

namespace ashlar::serve {

namespace {

/// What waits for a slow disk, at most.
constexpr size_t kMostWaiting = 8 << 20;
constexpr double kMilli = 1e-6;

std::string decimal(double value, const char* format) {
  constexpr size_t kLongest = 32;
  char text[kLongest];
  const int size = std::snprintf(text, sizeof text, format, value);
  return {text, static_cast<size_t>(size)};
}

std::string milliseconds(std::chrono::nanoseconds time) {
  return decimal(static_cast<double>(time.count()) * kMilli, "%.3f");
}

std::string time_text(std::chrono::system_clock::time_point at, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  constexpr size_t kLongest = 64;
  char text[kLongest];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

/// Printable ASCII without quotes; all else, a backslash too, in hexadecimal.
void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr unsigned kBits = 4;
  out += '"';
  if (text.empty()) out += '-';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += kDigits[byte >> kBits];
      out += kDigits[byte & ((1u << kBits) - 1)];
    }
  }
  out += '"';
}

std::string_view host_only(std::string_view address) {
  const size_t colon = address.rfind(':');
  const std::string_view host = colon == address.npos ? address : address.substr(0, colon);
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

std::string text_line(const RequestRecord& r) {
  std::string out = r.remote.empty() ? "-" : std::string(host_only(r.remote));
  out += " - - [" + time_text(r.begun, "%d/%b/%Y:%H:%M:%S +0000") + "] ";
  append_quoted(out, std::string(r.method) + " " + std::string(r.path) + " " + std::string(r.protocol));
  out += " " + std::to_string(r.status) + " " + std::to_string(r.bytes_out) + " ";
  append_quoted(out, r.referer);
  out += ' ';
  append_quoted(out, r.user_agent);
  out += " host=";
  append_quoted(out, r.authority);
  out += " route=";
  append_quoted(out, r.route);
  return out + " time=" + milliseconds(r.time) + "ms id=" + std::string(r.id) + "\n";
}

std::string json_line(const RequestRecord& r) {
  const auto since = r.begun.time_since_epoch();
  constexpr int64_t kThousand = 1000;
  const auto milli = std::chrono::duration_cast<std::chrono::milliseconds>(since).count() % kThousand;
  std::string out = "{\"time\":\"" + time_text(r.begun, "%Y-%m-%dT%H:%M:%S") +
                    decimal(static_cast<double>(milli) / kThousand, "%.3f").substr(1) + "Z\"";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += ",\"" + std::string(name) + "\":" + base::json_string(value);
  };
  add("remote", r.remote);
  add("method", r.method);
  add("host", r.authority);
  add("path", r.path);
  out += ",\"status\":" + std::to_string(r.status) + ",\"bytes_in\":" + std::to_string(r.bytes_in) +
         ",\"bytes_out\":" + std::to_string(r.bytes_out) + ",\"duration_ms\":" + milliseconds(r.time);
  add("route", r.route);
  add("request_id", r.id);
  add("traceparent", r.trace);
  add("referer", r.referer);
  add("user_agent", r.user_agent);
  return out + "}\n";
}

Result<os::Fd> open_log(const std::string& path) {
  if (path.empty()) return os::Fd::borrow(STDERR_FILENO);
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenWrite | os::kOpenCreate | os::kOpenAppend);
  if (!file) return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(file.error()));
  return std::move(*file);
}

}  // namespace

std::string log_line(const RequestRecord& record, LogFormat format) {
  return format == LogFormat::Json ? json_line(record) : text_line(record);
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(std::string path, LogFormat format) {
  TRY_ASSIGN(os::Fd file, open_log(path));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(path), format, std::move(file)));
}

AccessLog::AccessLog(std::string path, LogFormat format, os::Fd file)
    : path_(std::move(path)),
      format_(format),
      file_(std::move(file)),
      writer_(os::quiet_thread([this] { write_lines(); })) {}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void AccessLog::add(const RequestRecord& record) {
  const std::string line = log_line(record, format_);
  const std::lock_guard lock(mutex_);
  if (lines_.size() + line.size() > kMostWaiting) {
    ++lost_;
    return;
  }
  const bool first = lines_.empty();
  lines_ += line;
  if (first) changed_.notify_one();
}

Status AccessLog::reopen() {
  if (path_.empty()) return {};
  TRY_ASSIGN(os::Fd file, open_log(path_));
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  return {};
}

// The file is exchanged only between two writes: this thread alone uses it.
void AccessLog::write_lines() {
  std::string lines;
  std::unique_lock lock(mutex_);
  os::Fd file = std::move(file_);
  for (;;) {
    changed_.wait(lock, [&] { return ended_ || !lines_.empty(); });
    if (lines_.empty()) return;
    if (file_) file = std::move(file_);
    lines.clear();
    lines.swap(lines_);
    if (lost_ != 0)
      lines += "# " + std::to_string(std::exchange(lost_, 0)) + " lines were lost: the disk is too slow\n";
    lock.unlock();
    // A full disk must not end the service.
    static_cast<void>(os::write_all(file.raw(), {reinterpret_cast<const uint8_t*>(lines.data()), lines.size()}, path_));
    lock.lock();
  }
}

}  // namespace ashlar::serve
