// A WASI 0.2 program: what it is granted, and the interfaces that components import.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "component/host.h"
#include "wasi/host/http.h"
#include "wasi/host/network.h"
#include "wasi/host/quota.h"
#include "wasi/p2/key_value.h"
#include "wasi/p2/settings.h"
#include "wasi/p2/waiter.h"

namespace ashlar::wasi::p2 {

/// What a program may use beyond clocks and random numbers. Nothing else is within its reach.
struct Grants {
  struct Dir {
    std::string host;
    std::string guest;
    bool read_only = false;
  };
  std::vector<std::string> args;  ///< the program's name first
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<Dir> dirs;
  bool inherit_stdio = false;     ///< without it the streams are empty and swallow everything
  std::optional<int> log_handle;  ///< instead: input is empty, and both outputs go there; somebody else's
  host::NetworkPolicy network;    ///< what sockets may do, and which names may be looked up
  uint32_t max_sockets = 4096;    ///< that are open at once, with lookups that are not read
  host::Quota* quota = nullptr;   ///< asked for all that is open, sockets beside that; must stay as long as the program
  /// Without a value the interface is not there, and a component that imports it is not instantiated.
  std::optional<ConfigHost::Values> config;
  std::optional<KeyValueHost::Stores> key_values;  ///< by the names that programs open them with
  LogSink log;
  std::function<bool()> interrupted;  ///< asked while calls block: true ends them
  Waiter* waiter = nullptr;           ///< waits in place of the thread; null: calls block
  host::HttpClient* http = nullptr;   ///< what it sends HTTP requests with; null: they are denied
};

/// Belongs to one instance and its thread.
class Program {
 public:
  /// Opens what is granted. Errors: Io, with the name of what could not be opened.
  static Result<std::unique_ptr<Program>> make(Grants grants);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Defines wasi:cli, clocks, filesystem, http, io, random and sockets, of versions 0.2.x, and of wasi:config,
  /// keyvalue and logging what is granted. The program must stay as long as instances run.
  void add_to(component::HostImports& imports);

  /// Sends what the program has written to its connections and the system has not taken yet, for `at_most` nanoseconds.
  /// For the end of a program.
  void finish(uint64_t at_most);
  /// The arguments of wasi:http/incoming-handler's `handle`, as representations of an own<incoming-request> and an
  /// own<response-outparam>. `respond` is called when the guest sets its response, or not at all.
  struct Incoming {
    uint32_t request = 0, outparam = 0;
  };
  Incoming add_incoming(host::HttpRequest request, std::function<void(host::HttpOutcome)> respond);
  /// Lets go of all that a guest had; only what was granted stays, for the next instance. None runs.
  void reset();

 private:
  struct Impl;
  explicit Program(std::unique_ptr<Impl> impl);
  static void add_sockets(component::HostImports& imports, Impl& impl);
  static void add_settings(component::HostImports& imports, Impl& impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar::wasi::p2
