// WASI preview 1 for a runtime::Linker: what a program is granted, and the functions it imports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  bool interruptible = false;       ///< Store::interrupt ends calls that block, too

  /// Replaces an earlier value of that name.
  void set_env(std::string_view name, std::string_view value);
};

/// The WASI context of one store. Must outlive every call into the store.
class WasiBinding {
 public:
  WasiBinding(runtime::Store& store, WasiOptions options);
  ~WasiBinding();
  WasiBinding(const WasiBinding&) = delete;
  WasiBinding& operator=(const WasiBinding&) = delete;

  /// Whether there is such a function, and its type.
  static std::optional<module::FuncType> type_of(std::string_view module, std::string_view name);
  /// The store's function, made when it is first asked for. The context is made by then. Nothing when there is none.
  Result<std::optional<runtime::Extern>> find(std::string_view module, std::string_view name);
  /// Defines the WASI functions that `m` imports. The context is made (directories and sockets are opened) for the
  /// first module that imports any. Errors: Io with the name of what could not be opened.
  Status define(runtime::Linker& linker, const module::Module& m);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The code of a program that ended itself; nothing for every other error.
std::optional<int> exit_code(const Error& error);

}  // namespace ashlar::api
