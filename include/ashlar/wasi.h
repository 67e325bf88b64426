// WasiConfig: what a WASI preview 1 program is given.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ashlar {
inline namespace v0 {

namespace detail {
struct Access;
}

/// A program reaches its arguments, the process's standard streams, clocks and random numbers, and what is granted
/// here; nothing else. Each function returns the object, for chaining.
class WasiConfig {
 public:
  /// The first is the program's own name.
  WasiConfig& args(std::vector<std::string> args) {
    args_ = std::move(args);
    return *this;
  }
  /// An environment variable; of two of one name the later counts.
  WasiConfig& env(std::string name, std::string value) {
    env_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  /// The directory `host`, as `guest` in the program's eyes; what lies outside stays out of reach, whatever links say.
  WasiConfig& dir(std::string host, std::string guest, bool read_only = false) {
    dirs_.push_back({std::move(host), std::move(guest), read_only});
    return *this;
  }
  /// A socket that listens on "ADDRESS:PORT".
  WasiConfig& listen(std::string address) {
    listen_.push_back(std::move(address));
    return *this;
  }

 private:
  friend struct detail::Access;
  struct Dir {
    std::string host;
    std::string guest;
    bool read_only;
  };
  std::vector<std::string> args_;
  std::vector<std::pair<std::string, std::string>> env_;
  std::vector<Dir> dirs_;
  std::vector<std::string> listen_;
};

}  // namespace v0
}  // namespace ashlar
