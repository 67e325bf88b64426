// Core functions that the component layer gives to core modules: host functions that compiled code calls with arguments
// in registers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "native/enter.h"
#include "runtime/store.h"

namespace ashlar::component {

namespace detail {

template <class F>
struct Signature;
/// Result<R>(Object&, A...)
template <class R, class Object, class... A>
struct Signature<Result<R> (*)(Object&, A...)> {
  using object_type = Object;

  template <Result<R> (*f)(Object&, A...)>
  static R enter(Object* object, A... args) {
    runtime::Store& store = object->store();
    try {
      Result<R> out = f(*object, args...);
      if (out) return *out;
      native::fail_host_call(store, std::move(out).error());
    } catch (...) {
      native::fail_host_call(store, runtime::exception_error(*object->host));
    }
    return R{};
  }
  template <Result<R> (*f)(Object&, A...), size_t... i>
  static Status call(Object& object, runtime::Slot* slots, std::index_sequence<i...>) {
    Result<R> out = f(object, static_cast<A>(slots[i])...);
    if (!out) return std::unexpected(std::move(out).error());
    slots[0] = *out;
    return {};
  }
  template <Result<R> (*f)(Object&, A...)>
  static runtime::HostFunc make(Object& object, std::string name) {
    runtime::HostFunc out;
    out.name = std::move(name);
    out.call = [&object](runtime::Caller&, runtime::Slot* slots) {
      return call<f>(object, slots, std::index_sequence_for<A...>());
    };
    out.entry = {reinterpret_cast<const void*>(&enter<f>), &object};
    return out;
  }
};

template <class Object, class... A>
struct Signature<Status (*)(Object&, A...)> {
  template <Status (*f)(Object&, A...)>
  static void enter(Object* object, A... args) {
    runtime::Store& store = object->store();
    try {
      Status out = f(*object, args...);
      if (!out) native::fail_host_call(store, std::move(out).error());
    } catch (...) {
      native::fail_host_call(store, runtime::exception_error(*object->host));
    }
  }
  template <Status (*f)(Object&, A...), size_t... i>
  static Status call(Object& object, runtime::Slot* slots, std::index_sequence<i...>) {
    return f(object, static_cast<A>(slots[i])...);
  }
  template <Status (*f)(Object&, A...)>
  static runtime::HostFunc make(Object& object, std::string name) {
    runtime::HostFunc out;
    out.name = std::move(name);
    out.call = [&object](runtime::Caller&, runtime::Slot* slots) {
      return call<f>(object, slots, std::index_sequence_for<A...>());
    };
    out.entry = {reinterpret_cast<const void*>(&enter<f>), &object};
    return out;
  }
};

}  // namespace detail

/// A function of the store that runs f(object, arguments...): a Status or a Result of an integer. Arguments are u32 or
/// u64. The object lives as long as the store's code runs; it has store(), and `host`, which is set here.
template <auto f, class Object>
runtime::FuncCell* new_function(Object& object, uint32_t type_id, std::string name) {
  using S = detail::Signature<decltype(f)>;
  runtime::FuncCell* cell = object.store().new_host_func(type_id, S::template make<f>(object, std::move(name)));
  object.host = cell->host;
  return cell;
}

}  // namespace ashlar::component
