// WasiConfig: what a WASI program is given, of preview 1 or a component.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar {
inline namespace v0 {

class Store;

namespace detail {
struct Access;
}

/// How much a message of wasi:logging matters.
enum class LogLevel : uint8_t { Trace, Debug, Info, Warn, Error, Critical };

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
  /// The program may start threads (wasi-threads), at most so many at once beside its main one. Each is a thread of the
  /// system with a store of its own (of the same tenant, with the same limits), in which the module is instantiated
  /// again; what the program imports as shared memories and nobody defines is made for it. Host functions are called on
  /// these threads, several at the same time: their module needs a linker that was made for an engine.
  ///
  /// All threads end when the program does: when one of them traps or calls proc_exit, when Linker::run comes to the
  /// end of `_start`, when the main store is interrupted, or ends. The main thread's call gives the error that ended
  /// another one. `prepare` is called for each thread's store before the module is instantiated there, on the thread
  /// that starts the other: for Store::set_data.
  WasiConfig& threads(uint32_t at_most, std::function<void(Store&)> prepare = {}) {
    threads_ = at_most;
    prepare_thread_ = std::move(prepare);
    return *this;
  }

  // Of components (ComponentLinker::define_wasi). Preview 1 has no such interfaces: there they are an error
  // (not_implemented) of the first module that imports WASI.

  /// Sockets may connect to and bind what the rule says: HOST, ADDRESS, ADDRESS/BITS or *, each perhaps with :PORT or
  /// :FIRST-LAST. Names in rules may be looked up. A text that is no rule is an error of instantiating.
  WasiConfig& allow_net(std::string rule) {
    components_.allow_net.push_back(std::move(rule));
    return *this;
  }
  /// Any host name may be looked up.
  WasiConfig& allow_name_lookup() {
    components_.name_lookup = true;
    return *this;
  }
  /// A value of wasi:config/store. Without any a component that imports the interface is not instantiated.
  WasiConfig& config(std::string key, std::string value) {
    components_.config.emplace_back(std::move(key), std::move(value));
    return *this;
  }
  /// A store of wasi:keyvalue in memory, which programs open by the name. All instances of a linker share it, and it is
  /// gone with the linker and them.
  WasiConfig& key_value(std::string name = {}) {
    components_.key_values.push_back(std::move(name));
    return *this;
  }
  /// Is told what programs log by wasi:logging, on their threads; without it a component that imports the interface is
  /// not instantiated.
  WasiConfig& logging(std::function<void(LogLevel level, std::string_view context, std::string_view message)> sink) {
    components_.log = std::move(sink);
    return *this;
  }

 private:
  friend struct detail::Access;
  struct OfComponents {
    std::vector<std::string> allow_net;
    bool name_lookup = false;
    std::vector<std::pair<std::string, std::string>> config;
    std::vector<std::string> key_values;
    std::function<void(LogLevel, std::string_view, std::string_view)> log;
  };
  struct Dir {
    std::string host;
    std::string guest;
    bool read_only;
  };
  std::vector<std::string> args_;
  std::vector<std::pair<std::string, std::string>> env_;
  std::vector<Dir> dirs_;
  std::vector<std::string> listen_;
  OfComponents components_;
  uint32_t threads_ = 0;
  std::function<void(Store&)> prepare_thread_;
};

}  // namespace v0
}  // namespace ashlar
