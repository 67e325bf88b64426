// Linker: what modules may import, by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/func.h"
#include "ashlar/instance.h"
#include "ashlar/memory.h"
#include "ashlar/module.h"
#include "ashlar/store.h"
#include "ashlar/tag.h"
#include "ashlar/wasi.h"

namespace ashlar {
inline namespace v0 {

namespace detail {
struct PreparedState;
}

/// A module with its imports found and their types compared, to be instantiated any number of times. Copies share that.
/// Thread-safe: stores on any threads may be given instances of one at the same time. Independent of its linker; one
/// that was prepared with objects of a store must not be used after that.
class PreparedModule {
 public:
  /// In the store that its linker was made for. Errors: those of Linker::instantiate without Link for imports; Usage
  /// (linker_without_store) when the linker was made for an engine.
  Result<Instance> instantiate() const;
  /// In any store of the engine. Errors: Usage as well, for objects of another store.
  Result<Instance> instantiate(Store& store) const;
  /// What it makes instances of.
  Module module() const;

 private:
  friend class Linker;
  explicit PreparedModule(std::shared_ptr<const detail::PreparedState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::PreparedState> state_;
};

/// Definitions by the name of a module and a name in it. Of two of the same names the later counts: a host replaces
/// single functions of what it has defined before, and what was prepared or instantiated meanwhile keeps the earlier.
///
/// A linker is made for one store, or for an engine: then it is as good for any store, and its host functions, tags of
/// modules and WASI are made anew in each that is given an instance. Servers make such a linker once, prepare() their
/// modules, and give each request a store.
///
/// One for a store belongs to the store's thread and must not be used after it. One for an engine may be used by any
/// threads at the same time once all is defined: instantiate(), prepare() and get() with a Store&. Its host functions
/// are called on the threads of the stores, on several at the same time; what belongs to one store they find in
/// Caller::data().
class Linker {
 public:
  /// For one store.
  explicit Linker(Store& store);
  /// For any store of the engine.
  explicit Linker(const Engine& engine);
  Linker(Linker&&) noexcept;
  Linker& operator=(Linker&&) noexcept;
  ~Linker();

  /// A host function out of a callable. Its parameters and results are integers up to 64 bits, bool and enumerations
  /// (of at most 32 bits: i32, of which the low bits count; else i64), float, double, V128, Func (funcref) and
  /// Externref; it may take a Caller& first; several results are a std::tuple. A parameter std::string_view,
  /// std::span<const uint8_t> or std::span<uint8_t> stands for two i32, pointer and length, in Caller::memory() (In64
  /// of them for two i64): what does not lie inside is a trap, and the bytes may be used during the call only; those of
  /// a shared memory other threads' guests may change meanwhile. To fail it returns
  /// Result<...> or Status: an Error (Error::trap("...")) stops the guest, one of Tag::exception() is thrown in the
  /// guest; a C++ exception becomes a trap.
  ///   linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; });
  template <class F>
    requires detail::HostCallable<F>
  Linker& func(const std::string& module, const std::string& name, F f) {
    return define_slots(module, name, detail::HostSignature<F>::params(), detail::HostSignature<F>::results(),
                        detail::adapt(std::move(f)));
  }
  /// The untyped form.
  Linker& func(const std::string& module, const std::string& name, const FuncType& type, HostFunction f);

  // Objects of a store. In a linker for an engine they are errors (foreign_store) for other stores. Default-constructed
  // handles are a programmer's error, which aborts.
  Linker& define(const std::string& module, const std::string& name, const Func& f);
  Linker& define(const std::string& module, const std::string& name, const Memory& memory);
  Linker& define(const std::string& module, const std::string& name, const Table& table);
  Linker& define(const std::string& module, const std::string& name, const Global& global);
  Linker& define(const std::string& module, const std::string& name, const Tag& tag);
  Linker& define(const std::string& module, const std::string& name, const Extern& object);
  /// A memory that each store gets.
  Linker& define(const std::string& module, const std::string& name, const SharedMemory& memory);
  /// All exports of an instance.
  Linker& define_instance(const std::string& module, const Instance& instance);
  /// All exports of an instance that each store gets, made when the first of them is needed there. Its own imports are
  /// looked up now. Errors: those of prepare().
  Status define_module(const std::string& name, const Module& module);
  /// WASI preview 1; functions defined by name come first. Directories and sockets are opened in each store when the
  /// first module that imports WASI is instantiated there.
  Linker& define_wasi(WasiConfig config = {});

  /// What is defined as `from` is defined as `to` as well. Errors: Link (no_such_definition).
  Status alias(const std::string& from_module, const std::string& from_name, const std::string& to_module,
               const std::string& to_name);
  /// The same for all names of a module. Errors: Link (no_such_definition) when there is none.
  Status alias_module(const std::string& from, const std::string& to);

  /// What is defined, in the linker's store or in another; WASI's functions, too. Errors: Link (no_such_definition),
  /// Usage as for instantiate(), and what making it says (define_module).
  Result<Extern> get(std::string_view module, std::string_view name) const;
  Result<Extern> get(Store& store, std::string_view module, std::string_view name) const;

  /// Finds all imports. Errors: Usage for a module of another engine; Link: unknown_import, incompatible_import_type,
  /// or unresolved_imports when there are several. The error's notes() name every import that is missing or has the
  /// wrong type, with the types expected and found and why they do not match.
  Result<PreparedModule> prepare(const Module& module) const;

  /// Makes an instance in the linker's store, or in another: finds the imports, allocates, runs the start function.
  /// Errors: those of prepare(); Usage (linker_without_store, foreign_store), Limit, Io (WASI grants), Trap and Exit
  /// (initialisation, start).
  Result<Instance> instantiate(const Module& module) const;
  Result<Instance> instantiate(Store& store, const Module& module) const;

  /// Runs a command's `_start`, or a reactor's `_initialize`, when it is there. A program that ends with exit code 0
  /// has succeeded; for others the Error's exit_code() tells.
  static Status run(const Instance& instance);

 private:
  struct State;
  Linker& define_slots(const std::string& module, const std::string& name, std::vector<ValueType> params,
                       std::vector<ValueType> results, detail::SlotFunction f);
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace ashlar
