// perf's map of code made at run time: /tmp/perf-PID.map, one line a function.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "inspect/functions.h"
#include "os/file.h"

namespace ashlar::inspect {

class PerfMap {
 public:
  /// Makes the file of this process in `folder`. Errors: Io.
  static Result<PerfMap> create(const std::string& folder = "/tmp");
  /// Adds a line for each function. Errors: Io.
  Status add(std::span<const Function> functions, std::string_view qualifier);

 private:
  PerfMap(std::string path, os::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  os::Fd file_;
};

/// A new file that nobody else has, in place of what a process of the same number left.
Result<os::Fd> create_anew(const std::string& path);

}  // namespace ashlar::inspect
