// Host functions out of callables, and calls whose types are known: nothing here is called directly.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/wire.h"

namespace ashlar {
inline namespace v0 {

namespace detail {

/// A host function in a store. The library fills it.
struct HostObject {
  void* callable = nullptr;
  StoreState* store = nullptr;
  External* const* unreachable = nullptr;  ///< not null while host objects wait for their end
  const void* function = nullptr;
};

/// What a host function is made of; a store's functions share the callable. `call` takes arguments in 64-bit slots and
/// leaves results there; `native`, where there is one, takes them in registers behind the object. It is called by
/// compiled code: nothing may leave it but a return.
struct SlotFunction {
  Status (*call)(HostObject& object, Caller& caller, uint64_t* slots) = nullptr;
  const void* native = nullptr;
  std::shared_ptr<void> callable;
};

// For `native`: a call for which the caller must be known, failing, and what is done before it returns.
Status call_with_caller(HostObject& object, uint64_t* slots, Status (*call)(HostObject&, Caller&, uint64_t*));
void fail_native(HostObject& object, Error error);
void fail_by_exception(HostObject& object);
void end_unreachable(HostObject& object);

/// The error of a Func or Externref that belongs to another store.
Error foreign_ref();
/// The bytes of the caller's memory. Errors: Trap.
Result<std::span<uint8_t>> caller_bytes(Caller& caller, uint64_t address, uint64_t size);

/// Calls a function of the store on slots that hold its parameters and have room for its results.
Status call_slots(StoreState* store, void* cell, uint64_t* slots);

// Calls of compiled code with arguments in registers.
/// For what the library notes of a call inside of others.
struct alignas(16) NativeRoom {
  std::byte bytes[96];
};
/// `enter` takes `run`, then the arguments.
struct NativeRun {
  void* run = nullptr;
  void (*enter)() = nullptr;
};
/// Null, and nothing begun, when the function is not compiled, or something is in the way that call_slots tells of.
NativeRun begin_native(StoreState* store, void* cell, NativeRoom& room);
/// Whether it returned.
bool end_native(StoreState* store, void* run);
/// Why it did not.
Error native_error(StoreState* store, void* run);

/// How a guest gives room for what typed calls pass: see TypedFunc.
struct GuestAllocator {
  void* memory = nullptr;
  void* allocate = nullptr;
  void* release = nullptr;  ///< null: the callee does it
  bool wide = false;        ///< addresses are 64 bits
};
/// Errors: Link.
Result<GuestAllocator> guest_allocator(StoreState* store, void* cell, bool wide);
/// Copies the bytes into the guest's memory: their address. Errors: Trap, Limit.
Result<uint64_t> put_bytes(StoreState* store, const GuestAllocator& by, std::span<const uint8_t> bytes);
Status take_back(StoreState* store, const GuestAllocator& by, uint64_t address);

/// T out of T, Result<T> and Status.
template <class R>
struct Unwrapped {
  using type = R;
  static constexpr bool is_result = false;
};
template <class R>
struct Unwrapped<std::expected<R, Error>> {
  using type = R;
  static constexpr bool is_result = true;
};

/// The signature of a function pointer or of an object with one call operator; a leading Caller& is set apart.
template <class F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};
template <class R, class... A>
struct SignatureOf<R (*)(A...)> {
  using Result = R;
  using Params = std::tuple<A...>;
  static constexpr bool takes_caller = false;
};
template <class R, class... A>
struct SignatureOf<R (*)(Caller&, A...)> {
  using Result = R;
  using Params = std::tuple<A...>;
  static constexpr bool takes_caller = true;
};
template <class R, class... A>
struct SignatureOf<R (*)(A...) noexcept> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...)> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) noexcept> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const noexcept> : SignatureOf<R (*)(A...)> {};

template <class F>
concept HostCallable = requires { typename SignatureOf<std::decay_t<F>>::Params; };

template <class F>
struct HostSignature {
  using Signature = SignatureOf<std::decay_t<F>>;
  using Returned = Unwrapped<typename Signature::Result>;
  using Out = Results<typename Returned::type>;

  template <class Tuple>
  struct In;
  template <class... A>
  struct In<std::tuple<A...>> {
    static constexpr size_t kSlots = (size_t{0} + ... + Shape<std::remove_cvref_t<A>>::kSlots);
    static constexpr bool has_bytes = (kIsBytes<std::remove_cvref_t<A>> || ...);
    using Native = typename JoinRegisters<Registers<>, std::remove_cvref_t<A>...>::type;
    static std::vector<ValueType> types() {
      std::vector<ValueType> out;
      (Shape<std::remove_cvref_t<A>>::add_types(out), ...);
      return out;
    }
    /// Parameters that f takes by value are moved into it. Bytes lie where the caller says.
    template <class T>
    static T load(StoreState* s, Caller* caller, const uint64_t*& slots, Status& status) {
      const uint64_t* at = std::exchange(slots, slots + Shape<T>::kSlots);
      if constexpr (kIsBytes<T>) {
        if (status) {
          auto bytes = caller_bytes(*caller, GuestBytes<T>::address(at[0]), GuestBytes<T>::address(at[1]));
          if (bytes) return GuestBytes<T>::make(*bytes);
          status = std::unexpected(std::move(bytes).error());
        }
        return GuestBytes<T>::make({});
      } else {
        return Wire<T>::load(s, at);
      }
    }
    static std::tuple<std::remove_cvref_t<A>...> load_all([[maybe_unused]] StoreState* s,
                                                          [[maybe_unused]] Caller* caller,
                                                          [[maybe_unused]] const uint64_t* slots, Status& status) {
      // Braces evaluate in order.
      return std::tuple<std::remove_cvref_t<A>...>{load<std::remove_cvref_t<A>>(s, caller, slots, status)...};
    }
    template <class... C>
    static decltype(auto) invoke(F& f, std::tuple<std::remove_cvref_t<A>...>& args, C&... caller) {
      return std::apply([&](auto&... each) -> decltype(auto) { return f(caller..., static_cast<A&&>(each)...); }, args);
    }
  };
  using Args = In<typename Signature::Params>;
  static constexpr bool needs_caller = Signature::takes_caller || Args::has_bytes;
  static constexpr size_t kSlots = std::max<size_t>({1, Args::kSlots, Out::kSlots});

  static std::vector<ValueType> params() { return Args::types(); }
  static std::vector<ValueType> results() {
    std::vector<ValueType> out;
    Out::add_types(out);
    return out;
  }

  static SlotFunction adapt(F f) {
    SlotFunction out;
    out.call = &call_object;
    out.native = Native<typename Args::Native, typename RegisterOf<typename Returned::type>::type>::code();
    // Callables that can only be moved are welcome, too.
    out.callable = std::make_shared<F>(std::move(f));
    return out;
  }

 private:
  /// `caller` may be null where it is not needed.
  static Status call(F& f, StoreState* store, Caller* caller, uint64_t* slots) {
    Status status;
    auto args = Args::load_all(store, caller, slots, status);
    if constexpr (Args::has_bytes) {
      if (!status) return status;
    }
    auto invoke = [&]() -> decltype(auto) {
      if constexpr (Signature::takes_caller) {
        return Args::invoke(f, args, *caller);
      } else {
        return Args::invoke(f, args);
      }
    };
    if constexpr (std::is_void_v<typename Signature::Result>) {
      invoke();
      return {};
    } else if constexpr (Returned::is_result) {
      auto result = invoke();
      if (!result) return std::unexpected(std::move(result).error());
      if constexpr (!std::is_void_v<typename Returned::type>) return finish(store, slots, *result);
      return {};
    } else {
      return finish(store, slots, invoke());
    }
  }

  template <class T>
  static Status finish(StoreState* store, uint64_t* slots, const T& value) {
    if (!Out::belongs(store, value)) return std::unexpected(foreign_ref());
    Out::store(slots, value);
    return {};
  }

  static Status call_object(HostObject& object, Caller& caller, uint64_t* slots) {
    return call(*static_cast<F*>(object.callable), object.store, &caller, slots);
  }

  template <class Parameters, class R>
  struct Native {
    static const void* code() { return nullptr; }
  };
  template <class... P, class R>
    requires(!std::is_same_v<R, Registers<>>)
  struct Native<Registers<P...>, R> {
    static const void* code() { return reinterpret_cast<const void*>(&enter); }
    static R enter(HostObject* object, P... parameters) {
      uint64_t slots[kSlots] = {to_slot(parameters)...};
#if defined(__cpp_exceptions)
      try {
        run(*object, slots);
      } catch (...) {
        fail_by_exception(*object);
      }
#else
      run(*object, slots);
#endif
      if (*object->unreachable != nullptr) end_unreachable(*object);
      if constexpr (!std::is_void_v<R>) return from_slot<R>(slots[0]);
    }

   private:
    static void run(HostObject& object, uint64_t* slots) {
      Status done = [&] {
        if constexpr (needs_caller) {
          return call_with_caller(object, slots, &call_object);
        } else {
          return call(*static_cast<F*>(object.callable), object.store, nullptr, slots);
        }
      }();
      if (!done) [[unlikely]]
        fail_native(object, std::move(done).error());
    }
  };
};

template <class F>
SlotFunction adapt(F f) {
  return HostSignature<F>::adapt(std::move(f));
}

/// Compiled code as a function, where its arguments and result are all in registers.
template <class Parameters, class R>
struct Entry {
  static constexpr bool kPossible = false;
};
template <class... P, class R>
  requires(!std::is_same_v<R, Registers<>>)
struct Entry<Registers<P...>, R> {
  static constexpr bool kPossible = true;
  using Function = R (*)(void* run, P...);
};

/// A value in its register; its type has one.
template <class T>
auto to_register(const T& value) {
  uint64_t slot;
  Wire<T>::store(&slot, value);
  return from_slot<typename RegisterOf<T>::type>(slot);
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
