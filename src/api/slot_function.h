// Host functions that take their arguments in slots alone.
#pragma once

#include <memory>
#include <utility>

#include "api/access.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

/// Of a callable Status(Caller&, uint64_t* slots).
template <class F>
SlotFunction slot_function(F f) {
  SlotFunction out;
  out.call = [](HostObject& object, Caller& caller, uint64_t* slots) -> Status {
    return (*static_cast<F*>(object.callable))(caller, slots);
  };
  out.callable = std::make_shared<F>(std::move(f));
  return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
