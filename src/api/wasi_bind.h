// WASI preview 1 for a runtime::Linker: what a program is granted, and the functions it imports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/thread_group.h"
#include "base/error.h"
#include "runtime/linker.h"

namespace ashlar::api {

/// What a program is granted beyond its standard streams, clocks and random numbers.
struct WasiOptions {
  struct Dir {
    std::string host;
    std::string guest;
    bool read_only = false;
  };
  std::vector<std::string> args;  ///< the program's name first
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<Dir> dirs;
  std::vector<std::string> listen;  ///< ADDRESS:PORT
  // Of components alone; preview 1 has no such interfaces.
  std::vector<std::string> allow_net;            ///< lists of rules: NetworkPolicy::add
  bool name_lookup = false;                      ///< any name may be looked up; without it those in rules
  bool resolver = true, tcp = true, udp = true;  ///< false: none, whatever the rules say
  std::vector<std::string> config;               ///< KEY=VALUE
  std::vector<std::string> config_files;
  std::vector<std::string> key_values;  ///< [NAME=]memory, [NAME=]sqlite:PATH
  std::string logging;                  ///< the least level that is shown; empty: no logging
  bool interruptible = false;           ///< Store::interrupt ends calls that block, too
  uint32_t max_threads = 0;             ///< beside the main one, at once; those of a program need `interruptible`
  ThreadStoreMaker make_thread;         ///< with max_threads
  /// What the error threads_forbidden says of how to allow them.
  std::string_view allow_threads = "WasiConfig::threads() allows them (in C ashlar_wasi_config_set_threads)";

  /// Replaces an earlier value of that name.
  void set_env(std::string_view name, std::string_view value);
};

/// The WASI context of one store. Must outlive every call into the store. A program with threads has one for each; the
/// main one's threads() end before it goes.
class WasiBinding {
 public:
  WasiBinding(runtime::Store& store, WasiOptions options);
  /// For a thread of the other's program, made on the other's thread.
  WasiBinding(runtime::Store& store, const WasiBinding& other);
  ~WasiBinding();
  WasiBinding(const WasiBinding&) = delete;
  WasiBinding& operator=(const WasiBinding&) = delete;

  /// Whether there is such a function, and its type; wasi.thread-spawn is one.
  static std::optional<module::FuncType> type_of(std::string_view module, std::string_view name);
  /// The store's function, made when it is first asked for. The context is made by then. Nothing when there is none.
  /// Errors: Io with the name of what could not be opened; Link (threads_forbidden).
  Result<std::optional<runtime::Extern>> find(std::string_view module, std::string_view name);
  /// The shared memory that modules import under a name that nobody defines: the program's, made when it is first asked
  /// for. Errors: Limit; Link (threads_forbidden).
  Result<runtime::Memory*> shared_memory(std::string_view module, std::string_view name,
                                         const module::MemoryType& type);
  /// Defines the WASI functions that `m` imports, and with threads shared memories that nobody has defined. The context
  /// is made (directories and sockets are opened) for the first module that imports any. Errors: those of both.
  Status define(runtime::Linker& linker, const module::Module& m);
  /// The program's threads; null without any.
  ThreadGroup* threads() const;
  /// Whether the main thread has this.
  bool is_main() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The code of a program that ended itself; nothing for every other error.
std::optional<int> exit_code(const Error& error);

}  // namespace ashlar::api
