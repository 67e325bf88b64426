// Linker: what modules may import, by name.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/func.h"
#include "ashlar/instance.h"
#include "ashlar/memory.h"
#include "ashlar/module.h"
#include "ashlar/store.h"
#include "ashlar/wasi.h"

namespace ashlar {
inline namespace v0 {

/// Definitions for one store; of two with one name the later counts. Must not be used after the store.
class Linker {
 public:
  explicit Linker(Store& store);
  Linker(Linker&&) noexcept;
  Linker& operator=(Linker&&) noexcept;
  ~Linker();

  /// A host function out of a callable: its parameters and results are (u)int32_t, (u)int64_t, float, double, V128,
  /// Func (funcref) and Externref; it may take a Caller& first; several results are a std::tuple. To fail it returns
  /// Result<...> or Status: an Error (Error::trap("...")) stops the guest; a C++ exception does, too.
  ///   linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; });
  template <class F>
    requires detail::HostCallable<F>
  Linker& func(const std::string& module, const std::string& name, F f) {
    return define_slots(module, name, detail::HostSignature<F>::params(), detail::HostSignature<F>::results(),
                        detail::adapt(std::move(f)));
  }
  /// The untyped form.
  Linker& func(const std::string& module, const std::string& name, const FuncType& type, HostFunction f);

  // Objects of the linker's store.
  Linker& define(const std::string& module, const std::string& name, const Func& f);
  Linker& define(const std::string& module, const std::string& name, const Memory& memory);
  Linker& define(const std::string& module, const std::string& name, const Table& table);
  Linker& define(const std::string& module, const std::string& name, const Global& global);
  /// All exports of an instance.
  Linker& define_instance(const std::string& module, const Instance& instance);
  /// WASI preview 1 for the modules that are instantiated from now on; functions defined by name come first.
  /// Directories and sockets are opened when the first module that imports WASI is instantiated.
  Linker& define_wasi(WasiConfig config = {});

  /// Makes an instance: finds the imports, allocates, runs the start function. Errors: Link for what is missing or has
  /// another type, Usage for a module of another engine, Limit, Io (WASI grants), Trap and Exit (initialisation,
  /// start).
  Result<Instance> instantiate(const Module& module);

  /// Runs a command's `_start`, or a reactor's `_initialize`, when it is there. A program that ends with exit code 0
  /// has succeeded; for others the Error's exit_code() tells.
  Status run(const Instance& instance);

 private:
  struct State;
  Linker& define_slots(const std::string& module, const std::string& name, std::vector<ValueType> params,
                       std::vector<ValueType> results, detail::SlotFunction f);
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace ashlar
