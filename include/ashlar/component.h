// Components: loading, linking, instances, and calls by values or by C++ types.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/component_types.h"
#include "ashlar/component_value.h"
#include "ashlar/engine.h"
#include "ashlar/error.h"
#include "ashlar/module.h"
#include "ashlar/store.h"
#include "ashlar/wasi.h"

namespace ashlar {
inline namespace v0 {

class ComponentInstance;
class PreparedComponent;
template <class Signature>
class TypedComponentFunc;

namespace detail {
struct ComponentState;
struct PreparedComponentState;
}  // namespace detail

/// What a component imports and exports.
enum class ComponentItemKind : uint8_t {
  Func,        ///< a function
  Resource,    ///< a resource type
  Type,        ///< another type
  CoreModule,  ///< a core module
};

/// The type of a component's function.
struct ComponentFuncType {
  /// A parameter.
  struct Param {
    std::string name;  ///< as in WIT
    WitType type;      ///< what is passed
  };
  std::vector<Param> params;      ///< in order
  std::optional<WitType> result;  ///< nothing: without result
  /// As in WIT: "func(x: u32) -> string".
  std::string to_string() const;
};

/// An import or export of a component; those of an interface are listed one by one.
struct ComponentItem {
  std::string interface;                                 ///< "ns:package/interface@1.2.3"; empty: of the world itself
  std::string name;                                      ///< "f", "[method]counter.increment", "counter"
  ComponentItemKind kind = ComponentItemKind::Func;      ///< which it is
  std::optional<ComponentFuncType> func = std::nullopt;  ///< Func
  std::optional<WitType> type = std::nullopt;            ///< Type, where it is one of values
};

/// A component, validated and compiled. Immutable; copies share one. Thread-safe: stores on any threads may run it at
/// the same time.
class Component {
 public:
  /// A binary component (copied), or the text format. Its core modules are compiled in the engine's tier, and kept in
  /// the code cache where that is on. Errors: Malformed, Invalid, Limit; Link for what cannot be run yet; with
  /// Tier::Optimizing those of Module::compile.
  static Result<Component> compile(const Engine& engine, std::span<const uint8_t> bytes);
  static Result<Component> compile(const Engine& engine, std::string_view bytes);
  /// Either format; the file is mapped and must not change while the component lives. Errors: Io as well.
  static Result<Component> from_file(const Engine& engine, const std::string& path);

  /// The artifact: the component with the machine code of all its core modules and of the adapters between its parts,
  /// as `ashlar compile` writes it. What is not compiled yet is compiled now, whatever the engine's tier, and kept in
  /// the code cache. Deterministic for one compiler and processor. Errors: Io (compiler_missing), Internal
  /// (compiler_failed).
  Result<std::vector<uint8_t>> serialize() const;
  /// The same into a file, which is replaced by a whole one or not at all. Errors: Io as well.
  Status serialize_to_file(const std::string& path) const;
  /// A component out of serialize(), for engines of the tiers Optimizing and Auto. The bytes are copied. Errors: those
  /// of Module::deserialize; Link (artifact_of_other_component: made by another version of Ashlar).
  static Result<Component> deserialize(const Engine& engine, std::span<const uint8_t> bytes,
                                       Trust trust = Trust::Verify);
  /// The same from a file, which is mapped and must not be written to (but may be replaced) while the component lives.
  /// Errors: Io as well.
  static Result<Component> deserialize_file(const Engine& engine, const std::string& path, Trust trust = Trust::Verify);

  /// What must be given to instantiate it, WASI included; items of interfaces that it does not use are left out.
  std::vector<ComponentItem> imports() const;
  /// What its instances give.
  std::vector<ComponentItem> exports() const;

 private:
  friend struct detail::Access;
  explicit Component(std::shared_ptr<const detail::ComponentState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::ComponentState> state_;
};

/// What a host function learns about the call. Valid during the call.
class ComponentCaller {
 public:
  /// The store's data (Store::set_data); null when there is none of type T.
  template <class T>
  T* data() const {
    return detail::external_as<T>(detail::get_data(store_));
  }
  /// The calling instance. Calls into it are traps while it runs.
  ComponentInstance instance() const;
  /// The type of the import that is called: what the arguments are, and the result must be.
  ComponentFuncType type() const;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  detail::ComponentInstanceState* instance_ = nullptr;
  const void* type_ = nullptr;
};

/// The untyped form of a component's host function. Arguments are values of the import's types and may be moved from;
/// what it returns must be of the result's type, anything when there is none. An error stops the guest with a trap.
using ComponentHostFunction = std::function<Result<Val>(ComponentCaller& caller, std::span<Val> args)>;

/// A function of an instance. A handle into its store.
class ComponentFunc {
 public:
  /// Its parameters and result.
  ComponentFuncType type() const;

  /// Calls with values. Their number and types are checked; handles among them must be of this instance, and owned ones
  /// are given away. Nothing for a function without result. Errors: Usage, Trap, Exit, Limit. After a trap the
  /// component instance cannot be entered again.
  Result<std::optional<Val>> call(std::span<const Val> args) const;
  Result<std::optional<Val>> call(std::initializer_list<Val> args = {}) const {
    return call(std::span<const Val>(args.begin(), args.size()));
  }
  /// Calls with arguments in WAVE, "(1, [2, 3])" or "" without any; the result in WAVE, empty when there is none.
  /// Errors: those of call(); Usage with line and column for text that is not what the parameters need.
  Result<std::string> call_text(std::string_view arguments) const;

  /// The typed form, checked once: f.typed<uint32_t(std::string_view)>(). Errors: Usage (component_signature).
  template <class Signature>
  Result<TypedComponentFunc<Signature>> typed() const {
    return TypedComponentFunc<Signature>::from(*this);
  }

 private:
  friend struct detail::Access;
  template <class>
  friend class TypedComponentFunc;
  Error mismatch() const;
  detail::ComponentInstanceState* instance_ = nullptr;
  uint32_t func_ = 0;
};

/// An instance of a component. A handle into its store: cheap to copy, never to be used after it.
class ComponentInstance {
 public:
  /// An exported function by interface and name: func("tech:image/transforms@1.0.0", "resize"). Interfaces of one
  /// semver track (1.0.0 and 1.2.0; 0.2.0 and 0.2.3) stand in for each other. An empty interface: the world's own
  /// functions. Errors: Link (no_such_component_func).
  Result<ComponentFunc> func(std::string_view interface, std::string_view name) const;
  /// By one name: "INTERFACE#f", or "f" alone where only one interface has it. Errors: Link.
  Result<ComponentFunc> func(std::string_view name) const;
  /// Typed: instance.func<std::expected<Image, std::string>(const Image&, uint32_t)>("...", "resize"). The types are
  /// checked here, once (see component_types.h). Errors: Link; Usage (component_signature).
  template <class Signature>
  Result<TypedComponentFunc<Signature>> func(std::string_view interface, std::string_view name) const {
    return typed<Signature>(func(interface, name));
  }
  template <class Signature>
  Result<TypedComponentFunc<Signature>> func(std::string_view name) const {
    return typed<Signature>(func(name));
  }
  /// A whole call as text, `resize({width: 2, ...}, 4)`: the result in WAVE. Errors: those of func() and call_text().
  Result<std::string> call_text(std::string_view call) const;

  /// Drops a handle that a call gave (own): runs the resource's destructor. Errors: Usage when it is none of this
  /// instance or gone already; Trap.
  Status drop(const Val& resource) const;

  /// Runs wasi:cli/run of any version 0.2.x. A program that ends with exit code 0 has succeeded; for others the Error's
  /// exit_code() tells. Errors: Link when the component exports none; those of calls.
  Status run() const;

  /// What it is an instance of.
  Component component() const;

  friend bool operator==(const ComponentInstance&, const ComponentInstance&) = default;

 private:
  friend struct detail::Access;
  template <class Signature>
  static Result<TypedComponentFunc<Signature>> typed(Result<ComponentFunc> found) {
    if (!found) return std::unexpected(std::move(found).error());
    return found->template typed<Signature>();
  }
  detail::ComponentInstanceState* state_ = nullptr;
};

/// What components may import, by interface and name; names without interface are a world's own. Interfaces of one
/// semver track stand in for each other, so that guests of 0.2.1 and 0.2.9 find the same. Of two definitions of the
/// same names the later counts.
///
/// Made once, it serves any store; instantiate() may be called by any threads at the same time once all is defined.
/// Host functions are called on the threads of the stores; what belongs to one store they find in
/// ComponentCaller::data().
class ComponentLinker {
 public:
  ComponentLinker();
  ComponentLinker(ComponentLinker&&) noexcept;
  ComponentLinker& operator=(ComponentLinker&&) noexcept;
  ~ComponentLinker();

  /// A host function out of a callable with the C++ types of component_types.h; it may take a ComponentCaller& first.
  /// Whether they are the import's types is checked when a component is instantiated. To stop the guest it returns
  /// Result<...> or Status with an Error.
  ///   linker.func("tech:log/log@1.0.0", "write", [](std::string_view line) { ... });
  template <class F>
    requires detail::ComponentCallable<F>
  ComponentLinker& func(const std::string& interface, const std::string& name, F f) {
    using Call = detail::ComponentHostCall<F>;
    auto [dynamic, direct] = Call::adapt(std::move(f));
    return define_func(interface, name, std::move(dynamic), &Call::matches, std::move(direct));
  }
  /// The untyped form, for imports of any type.
  ComponentLinker& func(const std::string& interface, const std::string& name, ComponentHostFunction f) {
    return define_func(interface, name, std::move(f), nullptr, {});
  }

  /// A resource type whose objects are C++ objects of the class T: functions take and give std::unique_ptr<T> for
  /// own<...>, and take T& for borrow<...>. Objects die when the guest drops the last handle, and with the store.
  template <class T>
  ComponentLinker& resource(const std::string& interface, const std::string& name) {
    static_assert(std::is_class_v<T>);
    return define_resource(interface, name, nullptr);
  }
  /// A resource type whose objects are numbers of the host's choice (Val::resource). `drop` is told when the guest
  /// drops the handle that owns one.
  ComponentLinker& resource(const std::string& interface, const std::string& name,
                            std::function<void(uint32_t rep)> drop) {
    return define_resource(interface, name, std::move(drop));
  }

  /// WASI 0.2 (of any version 0.2.x), for programs that are granted no more than this; functions defined by name come
  /// first. Directories are opened for each instance.
  ComponentLinker& define_wasi(WasiConfig config = {});

  /// What another instance exports as `interface` is what components import as that. Both instances must be of one
  /// store, which the other one keeps; when that has ended, instantiate() says so (foreign_store). Resources are passed
  /// through. Errors: Link (no_such_component_func) when it exports no such interface.
  Status define_instance(const std::string& interface, const ComponentInstance& instance);

  /// The component with what it imports, for hosts that make many instances. Definitions that follow don't count.
  /// Errors: Usage for a linker with define_instance(). What is missing shows when an instance is made.
  Result<PreparedComponent> prepare(const Component& component) const;

  /// Makes an instance: finds the imports, runs start functions. Errors: Usage for a component of another engine, or an
  /// instance of another store; Link (component_import_missing names all that is missing; component_import_type); Io
  /// (WASI grants); Limit, Trap, Exit.
  Result<ComponentInstance> instantiate(Store& store, const Component& component) const;

 private:
  struct State;
  ComponentLinker& define_func(const std::string& interface, const std::string& name, ComponentHostFunction f,
                               detail::ComponentSignatureCheck matches, detail::DirectHostFunction direct);
  ComponentLinker& define_resource(const std::string& interface, const std::string& name,
                                   std::function<void(uint32_t)> drop);
  std::unique_ptr<State> state_;
};

/// A component and what it imports. Instances that are made in one store after another take what the host has for them
/// (functions, WASI programs) from those that have ended, so that making one takes microseconds; of what a guest had
/// there nothing stays. Directories are opened for the first. Copies share one. Thread-safe. Host functions must not
/// keep what is of one instance.
class PreparedComponent {
 public:
  /// As ComponentLinker::instantiate().
  Result<ComponentInstance> instantiate(Store& store) const;

 private:
  friend class ComponentLinker;
  explicit PreparedComponent(std::shared_ptr<detail::PreparedComponentState> state);
  std::shared_ptr<detail::PreparedComponentState> state_;
};

/// A function called with C++ types, checked once; a handle into its store. See component_types.h for the types.
template <class R, class... A>
class TypedComponentFunc<R(A...)> {
 public:
  /// None: to be assigned before it is called.
  TypedComponentFunc() = default;
  /// Of a function whose types these are. Errors: Usage (component_signature).
  static Result<TypedComponentFunc> from(const ComponentFunc& f) {
    if (!detail::component_types_match<R, A...>(f.type().params, f.type().result)) return std::unexpected(f.mismatch());
    return TypedComponentFunc(f);
  }
  /// Calls it. Errors: those of ComponentFunc::call.
  Result<R> call(A... args) const {
    if constexpr (kIsFlat) {
      return call_flat(args...);
    } else if constexpr (detail::kDirectParameters<A...> && detail::kDirectResult<R>) {
      return call_direct(args...);
    } else {
      return call_by_values(std::forward<A>(args)...);
    }
  }
  /// The same, as a call.
  Result<R> operator()(A... args) const { return call(std::forward<A>(args)...); }

 private:
  static constexpr bool kIsFlat = (detail::FlatScalar<A> && ...) && sizeof...(A) <= detail::kMostFlat &&
                                  (std::is_void_v<R> || detail::FlatScalar<R>);

  explicit TypedComponentFunc(const ComponentFunc& f) : f_(f) {}
  Result<R> call_by_values(A... args) const {
    detail::Passing passing{f_.instance_};
    std::vector<Val> values;
    values.reserve(sizeof...(A));
    (values.push_back(detail::WitOf<A>::give(passing, std::forward<A>(args))), ...);
    if (!passing.status) {
      detail::drop_refused(passing, values);
      return std::unexpected(std::move(passing.status).error());
    }
    Result<std::optional<Val>> out = f_.call(values);
    if (!out) {
      if (out.error().kind() == ErrorKind::Usage) detail::drop_refused(passing, values);
      return std::unexpected(std::move(out).error());
    }
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      R result = detail::Wit<R>::take(passing, std::move(**out));
      if (!passing.status) return std::unexpected(std::move(passing.status).error());
      return result;
    }
  }
  Result<R> call_flat(A... args) const
    requires kIsFlat
  {
    std::array<uint64_t, sizeof...(A) + 1> slots{detail::scalar_to_slot(args)...};
    Status done = detail::call_flat(f_.instance_, f_.func_, slots);
    if (!done) return std::unexpected(std::move(done).error());
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return detail::scalar_from_slot<R>(slots[0]);
    }
  }
  Result<R> call_direct(const std::remove_cvref_t<A>&... args) const
    requires(detail::kDirectParameters<A...> && detail::kDirectResult<R>)
  {
    const std::array<detail::DirectValue, sizeof...(A)> values{detail::Direct<std::remove_cvref_t<A>>::give(args)...};
    detail::DirectResult result;
    if constexpr (std::is_void_v<R>) {
      return detail::call_direct(f_.instance_, f_.func_, values, result);
    } else if constexpr (detail::FlatScalar<R>) {
      Status done = detail::call_direct(f_.instance_, f_.func_, values, result);
      if (!done) return std::unexpected(std::move(done).error());
      return detail::scalar_from_slot<R>(result.bits);
    } else {
      R out;
      result.take = &detail::Direct<R>::assign;
      result.to = &out;
      Status done = detail::call_direct(f_.instance_, f_.func_, values, result);
      if (!done) return std::unexpected(std::move(done).error());
      return out;
    }
  }
  ComponentFunc f_;
};

}  // namespace v0
}  // namespace ashlar
