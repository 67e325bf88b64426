// A line for each request.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "os/file.h"
#include "serve/metrics.h"

namespace ashlar::serve {

enum class LogFormat : uint8_t { Text, Json };

/// One line. Text: the combined format of web servers, and behind it route, time and id. What clients sent is quoted,
/// so that no line is made by them.
std::string log_line(const RequestRecord& record, LogFormat format);

/// Any thread. Lines are written by a thread of its own, as many as there are at once.
class AccessLog {
 public:
  /// To the end of a file; empty: to standard error. Errors: Io.
  static Result<std::unique_ptr<AccessLog>> open(std::string path, LogFormat format);
  /// Writes what is left.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// Lines that the disk does not take in time are counted, and told when it does.
  void add(const RequestRecord& record);
  /// The file by its name anew, for those who move logs away. Where that fails the old one stays.
  Status reopen();

 private:
  AccessLog(std::string path, LogFormat format, os::Fd file);
  void write_lines();

  const std::string path_;
  const LogFormat format_;
  std::mutex mutex_;  ///< of what follows
  std::condition_variable changed_;
  os::Fd file_;
  std::string lines_;
  uint64_t lost_ = 0;
  bool ended_ = false;
  std::thread writer_;
};

}  // namespace ashlar::serve
