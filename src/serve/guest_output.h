// What programs print, line by line, in a service's log.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "os/file.h"

namespace ashlar::serve {

/// Where the instances of one program print to: a pipe. Lines of several instances stay apart as far as each is written
/// at once.
class GuestOutput {
 public:
  virtual ~GuestOutput() = default;
  /// Belongs to this.
  virtual int handle() const = 0;
  /// Whole lines, which go at once, as those of the pipe look. Any thread.
  virtual void show(std::string_view lines) const = 0;
};

/// Reads the pipes of all programs in a thread of its own and writes whole lines to standard error, so that nothing of
/// the server's ends up in the middle of one: a program waits when it prints faster than that is read. A line that does
/// not end in a while is ended. Control characters but the tab are shown in hexadecimal. Outlives its outputs.
class GuestOutputs {
 public:
  GuestOutputs();
  /// What is in the pipes is written first.
  ~GuestOutputs();
  GuestOutputs(const GuestOutputs&) = delete;
  GuestOutputs& operator=(const GuestOutputs&) = delete;

  /// `name`: before each line; empty: nothing is. Errors: Io. Any thread.
  Result<std::shared_ptr<GuestOutput>> open(const std::string& name);

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace ashlar::serve
