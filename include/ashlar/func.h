// Func and TypedFunc: calls into guest code, and host functions.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/store.h"
#include "ashlar/typed.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

class Memory;
class Instance;
template <class Signature>
class TypedFunc;

/// What a host function learns about the call. Valid during the call.
class Caller {
 public:
  /// The calling instance; nothing when the host calls the host function itself.
  std::optional<Instance> instance() const;
  /// The memory that pointers of the caller point into: its only one, else its export "memory", else the first.
  std::optional<Memory> memory() const;
  /// The store's data (Store::set_data); null when there is none of type T.
  template <class T>
  T* data() const {
    return detail::external_as<T>(detail::get_data(store_));
  }

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* instance_ = nullptr;
};

/// The untyped form of a host function: reads its arguments, writes its results (of the declared types, zero before).
using HostFunction = std::function<Status(Caller& caller, std::span<const Value> args, std::span<Value> results)>;

/// A function of a store: a guest's or the host's. The default is null, as a table's element may be.
class Func {
 public:
  Func() = default;
  /// A host function of that type; `name` is for backtraces. A C++ exception that leaves `f` becomes a trap.
  static Func make(Store& store, const FuncType& type, HostFunction f, std::string name = "host");
  /// The same out of any callable whose signature has WebAssembly types; see Linker::func.
  template <class F>
    requires detail::HostCallable<F>
  static Func make(Store& store, F f, std::string name = "host") {
    return make_slots(detail::state_of(store), detail::HostSignature<F>::params(), detail::HostSignature<F>::results(),
                      detail::adapt(std::move(f)), std::move(name));
  }

  /// Whether it is not null.
  explicit operator bool() const { return cell_ != nullptr; }
  /// Its parameters and results; empty for null.
  FuncType type() const;

  /// Calls with values; their number and types are checked. Errors: Usage, Trap, Exit, Limit.
  Result<std::vector<Value>> call(std::span<const Value> args) const;
  Result<std::vector<Value>> call(std::initializer_list<Value> args = {}) const {
    return call(std::span<const Value>(args.begin(), args.size()));
  }

  /// The typed form, checked once: f.typed<int32_t(int32_t)>(). Errors: Usage when the signatures differ.
  template <class Signature>
  Result<TypedFunc<Signature>> typed() const {
    return TypedFunc<Signature>::from(*this);
  }

  friend bool operator==(const Func&, const Func&) = default;

 private:
  friend struct detail::Access;
  template <class>
  friend class TypedFunc;
  static Func make_slots(detail::StoreState* store, std::vector<ValueType> params, std::vector<ValueType> results,
                         detail::SlotFunction f, std::string name);
  Status check_type(std::span<const ValueType> params, std::span<const ValueType> results) const;

  detail::StoreState* store_ = nullptr;
  void* cell_ = nullptr;
};

namespace detail {
template <>
struct Wire<Func> {
  static constexpr size_t kSlots = 1;
  static ValueType type() { return ValueType::funcref(); }
  static void store(uint64_t* slots, const Func& f);
  static Func load(StoreState* store, const uint64_t* slots);
  static bool belongs(StoreState* store, const Func& f);
};
}  // namespace detail

/// A function whose types were checked: TypedFunc<int32_t(int32_t)>. Parameters and results are (u)int32_t, (u)int64_t,
/// float, double, V128, Func (funcref) and Externref; no result is void, several are a std::tuple. Calls allocate
/// nothing.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
 public:
  /// Calls it. Errors: Usage (foreign_store), Trap, Exit, Limit.
  Result<R> call(const Args&... args) const {
    if (!(detail::Wire<Args>::belongs(func_.store_, args) && ...)) return std::unexpected(detail::foreign_ref());
    uint64_t slots[kSlots];
    uint64_t* at = slots;
    ((detail::Wire<Args>::store(at, args), at += detail::Wire<Args>::kSlots), ...);
    (void)at;
    if (Status done = detail::call_slots(func_.store_, func_.cell_, slots); !done) {
      return std::unexpected(std::move(done).error());
    }
    return detail::Results<R>::load(func_.store_, slots);
  }
  /// The same as call().
  Result<R> operator()(const Args&... args) const { return call(args...); }
  /// The function, untyped.
  const Func& func() const { return func_; }

 private:
  friend class Func;
  static constexpr size_t kParams = (size_t{1} + ... + detail::Wire<Args>::kSlots);
  static constexpr size_t kSlots = std::max(kParams, detail::Results<R>::kSlots);

  static Result<TypedFunc> from(const Func& f) {
    const std::vector<ValueType> params{detail::Wire<Args>::type()...};
    if (Status same = f.check_type(params, detail::Results<R>::types()); !same) {
      return std::unexpected(std::move(same).error());
    }
    return TypedFunc(f);
  }
  explicit TypedFunc(const Func& f) : func_(f) {}
  Func func_;
};

}  // namespace v0
}  // namespace ashlar
