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

#include "ashlar/async.h"
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

  /// The same as a call in which host functions may wait (async.h). It has begun when this returns. Errors, in its
  /// result: those of call() and run_async().
  AsyncCall<std::vector<Value>> call_async(std::vector<Value> args = {}) const;

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
  using Native = Registers<uint64_t>;
  template <class Types>
  static constexpr void add_types(Types& types) {
    types.push_back(ValueType::funcref());
  }
  static void store(uint64_t* slots, const Func& f);
  static Func load(StoreState* store, const uint64_t* slots);
  static bool belongs(StoreState* store, const Func& f);
};
}  // namespace detail

/// A function whose types were checked: TypedFunc<int32_t(int32_t)>. Parameters and results are integers up to 64 bits,
/// bool and enumerations (i32 or i64; see Linker::func), float, double, V128, Func (funcref) and Externref; no result
/// is void, several are a std::tuple. Calls allocate nothing; those of compiled code with numbers cost a few
/// nanoseconds.
///
/// std::string_view and std::span<const uint8_t> as parameters stand for two of the guest's, pointer and length, both
/// i32 or (memory64) both i64. The bytes are copied into the guest's memory, which gives room by what it exports:
///   cabi_realloc (old pointer, old size, alignment, new size) -> pointer, as in the component model: the callee owns
///     the bytes, and frees them;
///   else malloc (size) -> pointer and free (pointer): the bytes are freed when the call has returned, and stay when it
///     has failed.
/// `memory` is what the guest exports under this name, else its first.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
 public:
  /// Calls it. Errors: Usage (foreign_store), Trap, Exit, Limit.
  [[gnu::always_inline]] Result<R> call(const Args&... args) const {
    if (!(belongs(args) && ...)) return std::unexpected(detail::foreign_ref());
    // Of bytes only the slots know how wide their pointers are.
    if constexpr (Entry::kPossible && kBytes == 0) {
      return enter(detail::to_register(args)...);
    } else {
      return call_by_slots(args...);
    }
  }
  /// The same as a call in which host functions may wait (async.h). It has begun when this returns, with copies of the
  /// arguments, texts and bytes included. Errors, in its result: those of call() and run_async().
  AsyncCall<R> call_async(const Args&... args) const {
    return detail::start_async<R>(func_.store_, [f = *this, kept = std::tuple<detail::Kept<Args>...>(args...)] {
      return std::apply([&f](const auto&... each) { return f.call(Args(each)...); }, kept);
    });
  }
  /// The same as call().
  [[gnu::always_inline]] Result<R> operator()(const Args&... args) const { return call(args...); }
  /// The function, untyped.
  const Func& func() const { return func_; }

 private:
  friend class Func;
  static constexpr size_t kParams = (size_t{1} + ... + detail::Shape<Args>::kSlots);
  static constexpr size_t kSlots = std::max(kParams, detail::Results<R>::kSlots);
  static constexpr size_t kBytes = (size_t{0} + ... + (detail::kIsBytes<Args> ? 1 : 0));
  static_assert(!(... || detail::GuestBytes<Args>::is_mutable), "typed calls pass texts and constant spans");
  using Entry = detail::Entry<typename detail::JoinRegisters<detail::Registers<>, Args...>::type,
                              typename detail::RegisterOf<R>::type>;

  template <class T>
  bool belongs(const T& arg) const {
    if constexpr (detail::kIsBytes<T>) {
      return true;
    } else {
      return detail::Wire<T>::belongs(func_.store_, arg);
    }
  }

  template <class T>
  void store(uint64_t* slots, const T& arg, uint64_t* held, size_t& count, Status& put) const {
    if constexpr (detail::kIsBytes<T>) {
      if (!put) return;
      const std::span<const uint8_t> bytes = detail::GuestBytes<T>::bytes(arg);
      Result<uint64_t> address = detail::put_bytes(func_.store_, allocator_, bytes);
      if (!address) {
        put = std::unexpected(std::move(address).error());
        return;
      }
      slots[0] = held[count++] = *address;
      slots[1] = bytes.size();
    } else {
      detail::Wire<T>::store(slots, arg);
    }
  }

  /// Values only: nothing that the caller keeps in registers gets an address.
  template <class... Registers>
  [[gnu::always_inline]] Result<R> enter(Registers... registers) const {
    detail::NativeRoom room;
    const detail::NativeRun begun = detail::begin_native(func_.store_, func_.cell_, room);
    if (begun.run == nullptr) [[unlikely]]
      return call_by_registers(registers...);
    const auto code = reinterpret_cast<typename Entry::Function>(begun.enter);
    if constexpr (std::is_void_v<R>) {
      code(begun.run, registers...);
      if (detail::end_native(func_.store_, begun.run)) [[likely]]
        return {};
    } else {
      const auto result = code(begun.run, registers...);
      if (detail::end_native(func_.store_, begun.run)) [[likely]] {
        const uint64_t slot = detail::to_slot(result);
        return detail::Results<R>::load(func_.store_, &slot);
      }
    }
    return failed(begun.run);
  }
  [[gnu::noinline]] Result<R> failed(void* run) const {
    return std::unexpected(detail::native_error(func_.store_, run));
  }

  template <class... Registers>
  [[gnu::noinline]] Result<R> call_by_registers(Registers... registers) const {
    uint64_t slots[kSlots] = {detail::to_slot(registers)...};
    if (Status done = detail::call_slots(func_.store_, func_.cell_, slots); !done) {
      return std::unexpected(std::move(done).error());
    }
    return detail::Results<R>::load(func_.store_, slots);
  }

  [[gnu::noinline]] Result<R> call_by_slots(const Args&... args) const {
    uint64_t slots[kSlots];
    [[maybe_unused]] uint64_t held[kBytes + 1];
    [[maybe_unused]] size_t count = 0;
    Status put;
    uint64_t* at = slots;
    ((store(at, args, held, count, put), at += detail::Shape<Args>::kSlots), ...);
    (void)at;
    if (!put) return std::unexpected(std::move(put).error());
    if (Status done = detail::call_slots(func_.store_, func_.cell_, slots); !done) {
      return std::unexpected(std::move(done).error());
    }
    Result<R> result = detail::Results<R>::load(func_.store_, slots);
    if constexpr (kBytes > 0) {
      while (count > 0) {
        if (Status done = detail::take_back(func_.store_, allocator_, held[--count]); !done) {
          return std::unexpected(std::move(done).error());
        }
      }
    }
    return result;
  }

  template <class T, class Types>
  static constexpr void add_types(Types& types, bool wide) {
    if constexpr (detail::kIsBytes<T>) {
      detail::GuestBytes<T>::add_types(types, wide);
    } else {
      detail::Wire<T>::add_types(types);
    }
  }

  static Status check(const Func& f, [[maybe_unused]] bool wide) {
    detail::TypeList<kParams> params;
    detail::TypeList<detail::Results<R>::kSlots> results;
    (add_types<Args>(params, wide), ...);
    detail::Results<R>::add_types(results);
    return f.check_type(params.types(), results.types());
  }
  static Result<TypedFunc> from(const Func& f) {
    TypedFunc out(f);
    bool wide = false;
    Status same = check(f, false);
    if (!same && kBytes > 0 && check(f, true)) {
      wide = true;
      same = {};
    }
    if (!same) return std::unexpected(std::move(same).error());
    if constexpr (kBytes > 0) {
      Result<detail::GuestAllocator> found = detail::guest_allocator(f.store_, f.cell_, wide);
      if (!found) return std::unexpected(std::move(found).error());
      out.allocator_ = *found;
    }
    return out;
  }
  explicit TypedFunc(const Func& f) : func_(f) {}
  struct None {};
  Func func_;
  [[no_unique_address]] std::conditional_t<(kBytes > 0), detail::GuestAllocator, None> allocator_;
};

}  // namespace v0
}  // namespace ashlar
